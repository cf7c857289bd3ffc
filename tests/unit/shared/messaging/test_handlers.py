"""The table of handlers: each event decides on what the last one left, and no type has two rows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.decision import Decision
from shared.contracts.followup import CheckInSent, ResolutionConfirmed, ResolutionRefuted
from shared.contracts.record import Origin
from shared.database.database import Tx
from shared.kernel.ids import new_id
from shared.messaging.consumer.handlers import (
    Handlers,
    Process,
    decide_in_order,
    handlers,
    on,
    process_each,
    types_in,
)

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Settled = Incoming[ResolutionConfirmed] | Incoming[ResolutionRefuted]


def confirmed(state: int, event: Incoming[ResolutionConfirmed], scene: int) -> Decision[int]:
    return Decision(state + scene, (event.data,))


def ignored(_state: int, _event: Incoming[ResolutionRefuted], _scene: int) -> None:
    return None


TABLE = handlers(on(ResolutionConfirmed, confirmed), on(ResolutionRefuted, ignored))


def incoming(
    data: ResolutionConfirmed | ResolutionRefuted,
) -> Incoming[ResolutionConfirmed | ResolutionRefuted]:
    return Incoming(
        id=new_id(),
        type="",
        source="rapport/followup",
        subject="",
        time=AT,
        data=data,
        origin=Origin("rapport.followups", 0, 0),
    )


def word(
    kind: type[ResolutionConfirmed] | type[ResolutionRefuted], contact_id: UUID
) -> Incoming[ResolutionConfirmed | ResolutionRefuted]:
    return incoming(
        kind(contact_id=contact_id, resolution_id=new_id(), agent_id="agent-1", settled_at=AT)
    )


def test_each_event_decides_on_what_the_last_one_left() -> None:
    one, other = uuid4(), uuid4()
    events = [
        (one, word(ResolutionConfirmed, one)),
        (other, word(ResolutionConfirmed, other)),
        (one, word(ResolutionConfirmed, one)),
    ]
    changed, outgoing = decide_in_order(TABLE, {one: 0, other: 100}, events, 5)
    assert changed == {one: 10, other: 105}
    assert [each.data for each in outgoing] == [event.data for _, event in events]
    assert [each.cause for each in outgoing] == [event for _, event in events]


def test_a_decision_that_changes_nothing_saves_nothing() -> None:
    one = uuid4()
    events = [(one, word(ResolutionRefuted, one))]
    assert decide_in_order(TABLE, {one: 0}, events, 5) == ({}, [])


def test_a_type_has_one_handler() -> None:
    row = on(ResolutionConfirmed, confirmed)
    with pytest.raises(ValueError, match="two handlers"):
        handlers(row, row)


async def test_each_aggregate_gets_the_events_of_its_table_in_turn() -> None:
    one = uuid4()
    events = [word(ResolutionConfirmed, one), word(ResolutionRefuted, one)]
    seen: list[tuple[str, list[object]]] = []

    def noting(name: str) -> Process:
        async def note(_: Tx, own: Sequence[Incoming[Any]]) -> list[Outgoing]:
            seen.append((name, list(own)))
            return [Outgoing(event.data) for event in own]

        return note

    only_confirmed = handlers(on(ResolutionConfirmed, confirmed))
    nothing: Handlers[int, int] = handlers(on(CheckInSent, lambda _state, _event, _scene: None))
    process = process_each(
        (only_confirmed, noting("first")), (TABLE, noting("second")), (nothing, noting("third"))
    )
    outgoing = await process(cast(Tx, None), events)
    assert seen == [("first", events[:1]), ("second", events)]
    assert [each.data for each in outgoing] == [event.data for event in (events[0], *events)]
    assert types_in(only_confirmed, TABLE) == {ResolutionConfirmed, ResolutionRefuted}
