"""An event knows its type, its topic and what it is about."""

from uuid import UUID

import pytest

from shared.contracts import topics
from shared.contracts.event import Event, event, subject_of, topic_of, type_of
from shared.contracts.intake import PromiseOutcome, PromiseSettled
from shared.kernel.clock import SystemClock

CONTACT, PROMISE = UUID(int=1), UUID(int=2)


def test_an_event_knows_its_type_topic_and_subject() -> None:
    now = SystemClock().now()
    settled = PromiseSettled(
        contact_id=CONTACT,
        promise_id=PROMISE,
        outcome=PromiseOutcome.KEPT,
        due_at=now,
        settled_at=now,
    )
    assert type_of(settled) == type_of(PromiseSettled) == "rapport.promise.settled.v1"
    assert topic_of(settled) == topics.CONTACTS
    assert subject_of(settled) == str(CONTACT)


def test_a_type_is_declared_once() -> None:
    class Another(Event, frozen=True, kw_only=True):
        contact_id: UUID

    again = event("rapport.promise.settled.v1", topics.CONTACTS, subject="contact_id")
    with pytest.raises(ValueError, match=r"rapport\.promise\.settled\.v1"):
        again(Another)
