"""SQL of what the centre is: its queues as routing tells them, and its topic rules."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.intake.domain.topic import TopicRule
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx

# The newest state of a queue stays, in whatever order states arrive.
KEEP_QUEUES = """
insert into queue (queue_id, body, changed_at)
select distinct on (queue_id) queue_id, body, changed_at
from unnest($1::text[], $2::jsonb[], $3::timestamptz[]) with ordinality
  as given (queue_id, body, changed_at, place)
order by queue_id, changed_at desc, place desc
on conflict (queue_id) do update set body = excluded.body, changed_at = excluded.changed_at
where queue.changed_at <= excluded.changed_at
"""
QUEUES = "select body from queue order by queue_id"
RULES = "select rank, topic, recipient, words, language from topic_rule order by rank"
REPLACE_RULES = """
insert into topic_rule (rank, topic, recipient, words, language)
select rank, topic, recipient, words, language
from jsonb_to_recordset($1::jsonb)
  as given (rank integer, topic text, recipient text, words text[], language text)
"""


async def keep_queues(tx: Tx, states: Sequence[tuple[QueueChanged, datetime]]) -> None:
    """Remember these states of queues, each as of a time."""
    await tx.execute(
        KEEP_QUEUES,
        [queue.queue_id for queue, _ in states],
        [queue for queue, _ in states],
        [changed_at for _, changed_at in states],
    )


async def queues(tx: Tx) -> list[QueueChanged]:
    """All queues as last told."""
    return [msgspec.convert(row["body"], QueueChanged) for row in await tx.fetch(QUEUES)]


async def rules(tx: Tx) -> list[TopicRule]:
    """All topic rules by rank."""
    return [msgspec.convert(dict(row), TopicRule) for row in await tx.fetch(RULES)]


async def replace_rules(tx: Tx, given: Sequence[TopicRule]) -> None:
    """These are the rules now, and no others."""
    await tx.execute("delete from topic_rule")
    await tx.execute(REPLACE_RULES, list(given))
