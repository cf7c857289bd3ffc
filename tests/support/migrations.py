"""Migrations that a test writes, in place of those of a service."""

import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from shared.database import migrate

Write = Callable[..., None]
HEAD = """\
import sqlalchemy as sa
from alembic import op

from shared.database.online_ddl import create_index, validate_constraint, without_deadline

revision = {revision!r}
down_revision = {before!r}


def upgrade() -> None:
"""


def writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Afterwards the service `followup` has the migrations that are written, numbered from 0001."""
    theirs = migrate._folder("followup")
    monkeypatch.setattr(migrate, "_folder", lambda _: folder)
    (folder / "versions").mkdir()
    shutil.copy(theirs / "env.py", folder)

    def write(*upgrades: str) -> None:
        for number, upgrade in enumerate(upgrades, start=1):
            before = f"{number - 1:04d}" if number > 1 else None
            text = HEAD.format(revision=f"{number:04d}", before=before)
            text += indent(upgrade.strip(), "    ") + "\n"
            (folder / "versions" / f"{number:04d}_written.py").write_text(text)

    return write
