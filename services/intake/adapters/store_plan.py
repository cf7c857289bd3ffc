"""SQL of what was decided: contacts, their messages, promises and files, each struct a row."""

from collections.abc import Sequence

import msgspec

from services.intake.domain.plan import NewMessage, Plan
from shared.database.database import Tx


async def save(tx: Tx, plan: Plan) -> None:
    """Keep what was decided. Raises `UniqueViolationError` where another had one of the arrivals."""
    await _copy(tx, "contact", plan.contacts)
    messages: list[NewMessage] = sorted(plan.messages, key=_place)
    await _copy(tx, "message", messages)
    await _copy(tx, "promise", plan.promises)
    await _copy(tx, "attachment", plan.attachments)


def _place(message: NewMessage) -> int:
    """By arrival keys, so that sets never wait for each other in a circle."""
    return message.arrival_key.int if message.arrival_key else 0


async def _copy(tx: Tx, table: str, rows: Sequence[msgspec.Struct]) -> None:
    """COPY: cheaper than `insert` for the server, and for us than arrays."""
    if rows:
        await tx.copy_records_to_table(
            table,
            columns=rows[0].__struct_fields__,
            records=map(msgspec.structs.astuple, rows),
        )
