"""The database holds every state a check-in can be in, and no other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.followup.adapters.db import check_ins, contacts
from services.followup.domain.check_ins.model import (
    Aftermath,
    Answer,
    CheckIn,
    Claim,
    Contact,
    Open,
    Received,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    State,
    StillOpen,
    Waiting,
)
from shared.contracts.followup import SkippedReason
from shared.contracts.values import Channel
from shared.database.migrate import difference
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from tests.conftest import MakeDsn
from tests.integration.followup.following import FollowUp
from tests.unit.followup.story import NOON, TRACE, after

SENT = Sent(due_at=NOON, message_id=new_id(), sent_at=after(1), closes_at=after(100))
YES, NO = Answer(solved=True, csat=5, comment="thank you"), Answer(solved=False)


def states() -> Iterator[State]:
    yield from (Waiting(), Scheduled(NOON), SENT)
    yield Settled(sent=SENT, settled_at=after(2), answer=YES)
    yield Settled(sent=SENT, settled_at=after(2), answer=NO)
    yield Settled(sent=SENT, settled_at=after(100), answer=None)
    for was in (Waiting(), Scheduled(NOON), SENT):
        yield Skipped(was=was, reason=SkippedReason.REOPENED, skipped_at=after(3))


SAID_STILL_OPEN = Aftermath(still_open=True)


def check_in(
    state: State | None = None, contact: Contact | None = None, number: int = 1
) -> CheckIn:
    claim = Claim(
        resolution_id=new_id(),
        contact_id=contact.contact_id if contact else new_id(),
        agent_id="ana",
        queue_id="billing",
        number=number,
        claimed_at=NOON,
    )
    return CheckIn(claim, state or Waiting())


async def save(follow_up: FollowUp, *saved: CheckIn) -> None:
    async with follow_up.database.transaction() as tx:
        await contacts.lock(tx, (one.claim.contact_id for one in saved))
        await check_ins.save(tx, saved)


async def test_the_migration_makes_the_tables_as_they_are_written(postgres_dsn: MakeDsn) -> None:
    assert await difference("followup", await postgres_dsn("followup")) == []


async def test_every_state_survives_the_database(follow_up: FollowUp) -> None:
    for state in states():
        written = check_in(state)
        await save(follow_up, written)
        async with follow_up.database.connection() as tx:
            assert await check_ins.of_contact(tx, written.claim.contact_id, 0, 100) == [written]


@pytest.mark.parametrize("was", [Waiting(), Scheduled(NOON), SENT])
async def test_a_claim_that_is_still_open_survives_the_database(
    follow_up: FollowUp, was: Open
) -> None:
    # Later than the window, which no longer plays a part.
    written = replace(check_in(StillOpen(was, after(200))), aftermath=SAID_STILL_OPEN)
    await save(follow_up, written)
    async with follow_up.database.connection() as tx:
        assert await check_ins.of_contact(tx, written.claim.contact_id, 0, 100) == [written]


async def test_what_is_known_since_a_claim_survives_the_database(follow_up: FollowUp) -> None:
    for known in (
        Aftermath(word_owed=True, nothing_new_at=after(5)),
        Aftermath(reopened=True),
    ):
        written = replace(check_in(SENT), aftermath=known)
        await save(follow_up, written)
        async with follow_up.database.connection() as tx:
            assert await check_ins.of_contact(tx, written.claim.contact_id, 0, 100) == [written]


async def test_what_is_known_of_a_contact_survives_the_database(follow_up: FollowUp) -> None:
    received = Received(
        customer_id=new_id(),
        channel=Channel.EMAIL,
        language="mn",
        time_zone="Asia/Ulaanbaatar",
        value_tier="gold",
        automatic=False,
        trace=TRACE,
    )
    known = Contact(contact_id=new_id(), received=received)
    stub = Contact(contact_id=new_id())
    async with follow_up.database.transaction() as tx:
        await contacts.lock(tx, [known.contact_id, stub.contact_id])
        await contacts.save(tx, [known])
        found = await contacts.lock(tx, [known.contact_id, stub.contact_id])
    assert found == {known.contact_id: known, stub.contact_id: stub}


WRONG: dict[str, tuple[State, dict[str, Any]]] = {
    "sent without a message": (SENT, {"message_id": None}),
    "sent without an end": (SENT, {"closes_at": None}),
    "sent with an end before its beginning": (SENT, {"closes_at": NOON}),
    "scheduled for no time": (Scheduled(NOON), {"due_at": None}),
    "scheduled and sent": (Scheduled(NOON), {"sent_at": NOON}),
    "waiting with a time": (Waiting(), {"due_at": NOON}),
    "in no known state": (Waiting(), {"state": "lost"}),
    "confirmed without an answer": (SENT, {"state": "confirmed", "settled_at": after(2)}),
    "confirmed at no time": (SENT, {"state": "confirmed", "comment": ""}),
    "confirmed after the end": (
        SENT,
        {"state": "confirmed", "comment": "", "settled_at": after(100)},
    ),
    "unrefuted with an answer": (
        SENT,
        {"state": "unrefuted", "comment": "", "settled_at": after(100)},
    ),
    "unrefuted before the end": (SENT, {"state": "unrefuted", "settled_at": after(99)}),
    "a satisfaction of six": (
        Settled(sent=SENT, settled_at=after(2), answer=YES),
        {"csat": 6},
    ),
    "skipped without a reason": (SENT, {"state": "skipped", "skipped_at": NOON}),
    "skipped for a reason of its own": (
        SENT,
        {"state": "skipped", "skipped_at": NOON, "skipped_reason": "mood"},
    ),
    "still open and asked": (SENT, {"still_open": True}),
    "refuted by nobody": (Scheduled(NOON), {"state": "refuted", "settled_at": after(2)}),
    "open and skipped": (SENT, {"skipped_at": NOON, "skipped_reason": "reopened"}),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_state_cannot_be_written(follow_up: FollowUp, wrong: str) -> None:
    state, change = WRONG[wrong]
    written = check_in(state)
    await save(follow_up, written)
    fields = ", ".join(f"{name} = ${number}" for number, name in enumerate(change, 2))
    with pytest.raises(asyncpg.CheckViolationError):
        async with follow_up.database.transaction() as tx:
            await tx.execute(
                f"update check_in set {fields} where check_in_id = $1",
                written.check_in_id,
                *change.values(),
            )


async def test_a_contact_that_was_half_received_cannot_be_written(follow_up: FollowUp) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with follow_up.database.transaction() as tx:
            await tx.execute(
                "insert into contact (contact_id, language) values ($1, 'en')", new_id()
            )


async def test_two_check_ins_of_a_contact_are_never_open_at_once(follow_up: FollowUp) -> None:
    contact = Contact(contact_id=new_id())
    await save(follow_up, check_in(SENT, contact, 1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await save(follow_up, check_in(Scheduled(NOON), contact, 2))


async def test_a_resolution_has_one_check_in(follow_up: FollowUp) -> None:
    first = check_in()
    await save(follow_up, first)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with follow_up.database.transaction() as tx:
            await tx.execute(
                "insert into check_in select $1, resolution_id, contact_id, agent_id, queue_id,"
                " number, claimed_at, state from check_in",
                new_id(),
            )


async def test_what_has_ended_never_changes_again(follow_up: FollowUp) -> None:
    for ended in [state for state in states() if isinstance(state, Settled | Skipped)]:
        written = check_in(ended)
        await save(follow_up, written)
        other = Settled(sent=SENT, settled_at=after(2) + timedelta(seconds=1), answer=NO)
        with pytest.raises(Conflict):
            await save(follow_up, replace(written, state=other))
