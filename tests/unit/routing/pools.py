"""Random contacts and agents from a small world, so that they meet often."""

from datetime import timedelta

from hypothesis import strategies as st

from services.routing.domain.agents.authority import Authorities
from services.routing.domain.agents.model import Agent
from services.routing.domain.matching.model import Waiting
from shared.contracts.routing import Presence
from shared.contracts.values import Authority, AuthorityKind, Channel, Need
from shared.kernel.ids import stable_id
from tests.support.clock import NOON

NAMES = tuple(f"agent-{number}" for number in range(6))
SKILLS = st.dictionaries(st.sampled_from(("billing", "tax")), st.integers(1, 3), max_size=2)
LANGUAGES = st.sampled_from(("en", "de", "te"))
CHANNELS = st.sampled_from((Channel.EMAIL, Channel.CHAT))
KINDS = st.sampled_from((AuthorityKind.REFUND, AuthorityKind.CREDIT))
MOMENTS = st.integers(-3, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))
AGENTS = st.frozensets(st.sampled_from(NAMES), max_size=3)

needs = st.builds(
    Need, kind=KINDS, amount=st.integers(1, 5), currency=st.sampled_from(("EUR", "INR"))
)
authorities = st.builds(
    Authority,
    kind=KINDS,
    limit=st.integers(1, 5),
    daily_budget=st.integers(1, 8),
    currency=st.sampled_from(("EUR", "INR")),
    expires_at=st.none() | MOMENTS,
)
budgets = st.lists(authorities, max_size=2, unique_by=lambda each: (each.kind, each.currency))
allowed = st.builds(
    Authorities,
    held=budgets.map(tuple),
    spent_today=st.dictionaries(st.tuples(KINDS, st.just("EUR")), st.integers(0, 8), max_size=2),
)
agents = st.lists(
    st.builds(
        Agent,
        agent_id=st.sampled_from(NAMES),
        presence=st.sampled_from((Presence.READY, Presence.READY, Presence.AWAY)),
        idle_since=MOMENTS,
        skills=SKILLS,
        languages=st.frozensets(LANGUAGES),
        authorities=allowed,
        free=st.dictionaries(CHANNELS, st.lists(st.integers(1, 4), max_size=3, unique=True)),
    ),
    max_size=6,
    unique_by=lambda agent: agent.agent_id,
)
waiting = st.lists(
    st.builds(
        Waiting,
        contact_id=st.integers(0, 99).map(lambda number: stable_id("contact", str(number))),
        queue_id=st.just("any"),
        channel=CHANNELS,
        language=LANGUAGES,
        received_at=MOMENTS,
        skills=SKILLS,
        priority=st.integers(1, 9),
        promise_due_at=st.none() | MOMENTS,
        need=st.none() | needs,
        precedence=st.booleans(),
        preferred_agent=st.none() | st.sampled_from(NAMES),
        declined=AGENTS,
        ask_again_at=st.dictionaries(st.sampled_from(NAMES), MOMENTS, max_size=3),
        excluded=AGENTS,
    ),
    max_size=8,
    unique_by=lambda contact: contact.contact_id,
)

FEW = NAMES[:3]
SOME = st.frozensets(st.sampled_from(FEW), max_size=3)
small_needs = st.builds(
    Need, kind=st.just(AuthorityKind.REFUND), amount=st.integers(1, 5), currency=st.just("EUR")
)
few_agents = st.lists(
    st.builds(
        Agent,
        agent_id=st.sampled_from(FEW),
        presence=st.just(Presence.READY),
        idle_since=MOMENTS,
        languages=st.just(("en",)),
        authorities=allowed,
        free=st.dictionaries(st.just(Channel.EMAIL), st.just((1,)), max_size=1),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda agent: agent.agent_id,
)
"""Colleagues who differ only in what they may grant and whether they are busy."""
much_declined = st.lists(
    st.builds(
        Waiting,
        contact_id=st.integers(0, 99).map(lambda number: stable_id("contact", str(number))),
        queue_id=st.just("any"),
        channel=st.just(Channel.EMAIL),
        language=st.just("en"),
        received_at=MOMENTS,
        need=st.none() | small_needs,
        declined=SOME,
        ask_again_at=st.dictionaries(st.sampled_from(FEW), MOMENTS, max_size=3),
        excluded=SOME,
    ),
    max_size=12,
    unique_by=lambda contact: contact.contact_id,
)
"""Contacts that most of the few agents have seen already."""
