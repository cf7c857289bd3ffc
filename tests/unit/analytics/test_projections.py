"""The table of projections: typed, about contacts, and joining whatever is known."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.facts import NOTHING, merge
from services.analytics.domain.projections import intake
from services.analytics.domain.projections.projection import on
from services.analytics.domain.projections.table import PROJECTIONS, contact_of, project
from services.analytics.entrypoints.consumer import SUBSCRIPTIONS
from shared.contracts.event import card_of
from shared.contracts.intake import ContactReceived
from shared.contracts.routing import OfferMade
from tests.support.life import Life, whole_life
from tests.unit.analytics.histories import lives

ID = UUID(int=1)


def test_what_is_consumed_is_what_the_table_projects() -> None:
    (subscription,) = SUBSCRIPTIONS
    assert subscription.wanted == PROJECTIONS.keys()


def test_every_projected_event_is_about_a_contact() -> None:
    assert {card_of(kind).subject for kind in PROJECTIONS} == {"contact_id"}
    life = whole_life(1)
    assert {contact_of(event) for event in life.events} == {life.contact_id}


@given(lives(), st.data())
def test_a_projection_joins_what_its_event_makes_known(life: Life, data: st.DataObject) -> None:
    known = NOTHING
    for incoming in life.incoming():
        alone = project(NOTHING, incoming.data, incoming.id)
        assert project(known, incoming.data, incoming.id) == merge(known, alone)
        known = merge(known, alone)
    again = data.draw(st.sampled_from(life.incoming()))
    assert project(known, again.data, again.id) == known


def test_an_event_that_has_no_projection_is_not_taken_for_another() -> None:
    assert OfferMade not in PROJECTIONS
    _, received = on(ContactReceived, intake.contact_received)
    queued = Life()
    queued.queued()
    with pytest.raises(TypeError):
        received(NOTHING, queued.events[0], ID)
