"""Accepting arrivals, however they reached us, as many as there are at once."""

from collections.abc import Callable, Sequence

from services.intake.adapters.db import contacts, customers
from services.intake.application import tally
from services.intake.domain.acceptance import decide, newcomers
from services.intake.domain.arrival import Arrival, Outcome
from services.intake.domain.centre_config import CentreConfig
from services.intake.domain.known_before import Customer, Known, Newcomer
from shared.database.database import Tx
from shared.kernel.errors import Unavailable
from shared.messaging.consumer import expired_contacts
from shared.messaging.outbox.use_case import Result

Detect = Callable[[str], str | None]
Outcomes = Result[list[Outcome]]


class Accept:
    """Load the set, decide, save the set. What is counted commits with what is stored."""

    def __init__(self, detect: Detect) -> None:
        self._detect = detect

    async def __call__(self, tx: Tx, arrivals: Sequence[Arrival], config: CentreConfig) -> Outcomes:
        """What became of each arrival, in their order; counted as received."""
        result = await self.admit(tx, arrivals, config)
        await tally.count(tx, arrivals, result.answer)
        return result

    async def admit(self, tx: Tx, arrivals: Sequence[Arrival], config: CentreConfig) -> Outcomes:
        """The same for what was counted when it first came.

        Two transactions with one arrival between them collide in the database
        (`UniqueViolationError`): whoever lost tries again and then knows the other's.
        Raises `Unavailable` where a contact has expired since the files of an arrival were stored under it.
        """
        detected = [arrival.language or self._detect(arrival.text) for arrival in arrivals]
        known = await load_known(tx, arrivals)
        await _refuse_expired(tx, arrivals)
        strangers = newcomers(arrivals, detected, known, config)
        if strangers:
            known = await _register(tx, strangers, known)
        plan = decide(arrivals, detected, known, config)
        await contacts.save(tx, plan)
        return Result(plan.outcomes, plan.events)


async def load_known(tx: Tx, arrivals: Sequence[Arrival]) -> Known:
    """What is known of a set of arrivals."""
    repeatable = [arrival.key for arrival in arrivals if arrival.repeatable]
    mails = {mail for arrival in arrivals for mail in arrival.refers_to}
    return Known(
        customers=await customers.having(tx, {arrival.sender for arrival in arrivals}),
        earlier=await contacts.earlier(tx, repeatable),
        threads=await contacts.threads(tx, mails),
    )


async def _refuse_expired(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """A contact is never opened again: who sends it once more opens another one."""
    fixed = {arrival.contact_id for arrival in arrivals if arrival.contact_id}
    if await expired_contacts.expired(tx, fixed):
        raise Unavailable("the contact has expired meanwhile")


async def _register(tx: Tx, strangers: Sequence[Newcomer], known: Known) -> Known:
    """The same and the newcomers, as this or another transaction registered them."""
    new = await customers.register(tx, strangers)
    found = {each.point: _customer(each) for each in strangers if each.customer_id in new}
    registered_by_others = {each.point for each in strangers} - found.keys()
    if registered_by_others:
        found |= await customers.having(tx, registered_by_others)
    return Known(
        customers=known.customers | found,
        earlier=known.earlier,
        threads=known.threads,
        new_customers=frozenset(new),
    )


def _customer(new: Newcomer) -> Customer:
    return Customer(
        customer_id=new.customer_id,
        point_id=new.point_id,
        language=new.language,
        time_zone=new.time_zone,
        value_tier=new.value_tier,
    )
