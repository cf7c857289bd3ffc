"""The table of handlers: typed, about contacts, and joining whatever is known."""

from inspect import unwrap
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.application.handlers.facts import FactHandler, contact_of
from services.analytics.domain.facts import NOTHING, merge
from services.analytics.domain.projections import intake
from services.analytics.entrypoints.consumer import HANDLERS, subscriptions
from shared.contracts.event import card_of
from shared.contracts.routing import OfferMade
from tests.support.clock import FakeClock
from tests.support.life import Life, whole_life
from tests.unit.analytics.histories import fact_of, lives, project


def test_what_is_consumed_is_what_the_table_projects() -> None:
    (subscription,) = subscriptions(FakeClock())
    assert subscription.wanted == HANDLERS.keys()


def test_every_projected_event_is_about_a_contact() -> None:
    assert {card_of(kind).subject for kind in HANDLERS} == {"contact_id"}
    life = whole_life(1)
    assert {contact_of(event) for event in life.events} == {life.contact_id}


def test_each_row_projects_the_event_it_names() -> None:
    projected = {kind: get_type_hints(unwrap(decide)) for kind, decide in HANDLERS.items()}
    assert all(kind in hints.values() for kind, hints in projected.items())


@given(lives(), st.data())
def test_a_projection_joins_what_its_event_makes_known(life: Life, data: st.DataObject) -> None:
    known = NOTHING
    for incoming in life.incoming():
        alone = project(NOTHING, incoming)
        assert project(known, incoming) == merge(known, alone)
        known = merge(known, alone)
    again = data.draw(st.sampled_from(life.incoming()))
    assert project(known, again) == known


@given(lives())
def test_a_batch_makes_known_what_its_events_do_one_after_another(life: Life) -> None:
    batch = life.incoming()
    assert FactHandler(HANDLERS, FakeClock()).project(batch) == {life.contact_id: fact_of(life)}


def test_an_event_that_has_no_projection_is_not_taken_for_another() -> None:
    assert OfferMade not in HANDLERS
    queued = Life()
    queued.queued()
    (incoming,) = queued.incoming()
    with pytest.raises(AttributeError):
        intake.contact_received(NOTHING, incoming, None)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(KeyError):
        FactHandler({}, FakeClock()).project([incoming])
