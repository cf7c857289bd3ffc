"""SQL of topic rules."""

from collections.abc import Sequence

from services.intake.domain.topic import TopicRule
from shared.database.database import Tx
from shared.database.rows import from_row

ALL = "select rank, topic, recipient, words, language from topic_rule order by rank"
REPLACE = """
insert into topic_rule (rank, topic, recipient, words, language)
select rank, topic, recipient, words, language
from jsonb_to_recordset($1::jsonb)
  as given (rank integer, topic text, recipient text, words text[], language text)
"""


async def all_rules(tx: Tx) -> list[TopicRule]:
    """All topic rules by rank."""
    return [from_row(row, TopicRule) for row in await tx.fetch(ALL)]


async def replace(tx: Tx, rules: Sequence[TopicRule]) -> None:
    """These are the rules now, and no others."""
    await tx.execute("delete from topic_rule")
    await tx.execute(REPLACE, list(rules))
