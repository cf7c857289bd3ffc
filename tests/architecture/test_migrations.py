"""`make check` refuses a migration that locks people out or breaks the release before."""

import re
from pathlib import Path

import pytest

from deploy.local.instance import ROOT
from shared.contracts.topics import SERVICES
from shared.database.migrate import later_migrations
from tests.support.migrations import Write, writer
from tools.migrations import findings, main

FIRST = 'op.create_table("contact", sa.Column("n", sa.Integer()), sa.Column("day", sa.Date()))'
REFUSED = {
    'op.create_index("ix_contact_n", "contact", ["n"])': "require-concurrent-index-creation",
    'op.drop_index("ix_contact_n", "contact")': "require-concurrent-index-deletion",
    """
with without_deadline():
    op.create_index("ix_contact_n", "contact", ["n"], postgresql_concurrently=True)
""": "prefer-robust-stmts",
    """
op.create_index(
    "ix_contact_n", "contact", ["n"], if_not_exists=True, postgresql_concurrently=True
)
""": "ban-concurrent-index-creation-in-transaction",
    """
drawn = sa.text("gen_random_uuid()")
op.add_column("contact", sa.Column("id", sa.Uuid(), server_default=drawn, nullable=False))
""": "adding-field-with-default",
    'op.add_column("contact", sa.Column("id", sa.Uuid(), nullable=False))': "adding-required-field",
    'op.alter_column("contact", "n", nullable=False)': "adding-not-nullable-field",
    'op.create_check_constraint("ck_contact_n", "contact", "n > 0")': "constraint-missing-not-valid",
    """
op.create_foreign_key("fk_contact_n", "contact", "other", ["n"], ["n"])
""": "adding-foreign-key-constraint",
    'op.create_unique_constraint("uq_contact_n", "contact", ["n"])': "disallowed-unique-constraint",
    """
op.execute("alter table contact add constraint ck_contact_n check (n > 0) not valid")
op.execute("alter table contact validate constraint ck_contact_n")
""": "constraint-missing-not-valid",
    'op.drop_column("contact", "day")': "ban-drop-column",
    'op.drop_constraint("ck_contact_n", "contact")': "ban-drop-constraint",
    'op.drop_table("contact")': "ban-drop-table",
    'op.alter_column("contact", "day", new_column_name="on_day")': "renaming-column",
    'op.rename_table("contact", "need")': "renaming-table",
    'op.alter_column("contact", "n", type_=sa.BigInteger())': "changing-column-type",
}
"""What a migration does, and the rule that refuses it."""
TAKEN = [
    """
with without_deadline():
    op.execute("drop index concurrently if exists ix_contact_n")
    op.execute("create index concurrently if not exists ix_contact_n on contact (n)")
""",
    'create_index("ix_contact_n", "contact", ["n"], unique=True, postgresql_where="n > 0")',
    'op.add_column("contact", sa.Column("note", sa.Text()))',
    """
op.add_column("contact", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
""",
    'op.execute("alter table contact add constraint ck_contact_n check (n > 0) not valid")',
    'validate_constraint("ck_contact_n", "contact")',
    """
# The wider check of 0003 holds for all rows.
op.execute("-- squawk-ignore ban-drop-constraint\\nalter table contact drop constraint ck_contact_n")
""",
    """
op.create_table("note", sa.Column("text", sa.Text()))
op.create_index("ix_note_text", "note", ["text"])
""",
    """
# Nothing has read it since 1.3.
op.execute("-- squawk-ignore ban-drop-column\\nalter table contact drop column day")
""",
]


PAGE = (ROOT / "docs" / "migrations.md").read_text("utf-8")
SHOWN = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    return writer(tmp_path, monkeypatch)


def found(write: Write, upgrade: str) -> list[str]:
    write(FIRST, upgrade)
    ((name, sql),) = later_migrations("followup").items()
    return findings(name, sql)


@pytest.mark.parametrize(("upgrade", "rule"), REFUSED.items(), ids=lambda each: each.strip()[:40])
def test_what_locks_people_out_or_breaks_the_release_before_is_refused(
    write: Write, upgrade: str, rule: str
) -> None:
    lines = found(write, upgrade)
    assert any(rule in line for line in lines), lines
    assert all(line.startswith("0002_written.py:") for line in lines)


@pytest.mark.parametrize("upgrade", TAKEN + SHOWN, ids=lambda each: each.strip()[:40])
def test_what_locks_nobody_out_is_taken(write: Write, upgrade: str) -> None:
    assert found(write, upgrade) == []


def test_the_page_shows_migrations_at_all() -> None:
    assert len(SHOWN) == 4


def test_the_first_migration_finds_nobody_to_lock_out(write: Write) -> None:
    write('op.create_table("note", sa.Column("n", sa.Integer()))\nop.drop_table("note")')
    assert later_migrations("followup") == {}


def test_the_check_names_the_file_and_the_rule_and_where_it_says_what_to_do(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(FIRST, 'op.drop_column("contact", "day")')
    assert main([]) == 1
    said = capsys.readouterr().err
    for service in SERVICES:
        assert f"services/{service}/migrations/versions/0002_written.py:" in said
    assert "ban-drop-column" in said
    assert "docs/migrations.md" in said


def test_the_migrations_of_every_service_lock_nobody_out() -> None:
    assert main([]) == 0
