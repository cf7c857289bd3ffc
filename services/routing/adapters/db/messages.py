"""What was written in contacts."""

from collections.abc import Iterable
from typing import Any

from services.routing.domain.contact.messages import Message
from shared.database.database import Tx
from shared.database.rows import Columns, as_row

COLUMNS = Columns(
    message_id="uuid",
    contact_id="uuid",
    inbound="bool",
    kind="text",
    agent_id="text",
    name="text",
    subject="text",
    body="text",
    written_at="timestamptz",
    state="text",
    reason="text",
)
# Only a message of ours that is on its way changes: by its outcome.
SAVE = f"""
insert into message ({COLUMNS.names}) select {COLUMNS.names} from {COLUMNS.source}
on conflict (message_id) do update set state = excluded.state, reason = excluded.reason
  where message.state = 'requested' and not excluded.inbound
"""  # noqa: S608


async def save(tx: Tx, messages: Iterable[Message]) -> None:
    """Keep messages that are new, and the outcomes of those that were requested. One statement."""
    if rows := [_row(message) for message in messages]:
        await tx.execute(SAVE, *COLUMNS.arrays(rows))


def _row(message: Message) -> dict[str, Any]:
    return {**as_row(message), "inbound": message.inbound}
