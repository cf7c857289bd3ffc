"""An agent's work on a contact that is theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.adapters import store_agents, store_contacts, store_history, store_queues
from services.routing.application.change import save_and_tell
from services.routing.domain import life
from services.routing.domain.authority import Refused, Taken, authority_for, spend
from services.routing.domain.contact import Contact, OfferState, Told
from shared.contracts.cloudevents import Outgoing
from shared.contracts.event import Event
from shared.contracts.routing import (
    ActionRefused,
    ActionTaken,
    HelpEvidence,
    HelpStep,
    HelpStepRecorded,
    MessagePersonal,
    MessageRequested,
    QueueChanged,
    ResolutionClaimed,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.contracts.values import MessageKind, Need
from shared.database.database import Tx
from shared.kernel.errors import Conflict, Missing
from shared.kernel.ids import new_id
from shared.messaging.outbox import outbox


@dataclass(frozen=True, slots=True)
class Work:
    """One agent at one contact, now, in one transaction.

    Everything raises `Missing` for a contact that never was theirs, `Conflict` for one that is no
    longer, or not in a state that allows it.
    """

    tx: Tx
    agent_id: str
    contact_id: UUID
    now: datetime

    async def reply(self, text: str) -> UUID:
        """Write to the customer; the id of the message, which intake delivers."""
        contact = await self._assigned()
        written = MessageRequested(
            contact_id=self.contact_id,
            message_id=new_id(),
            kind=MessageKind.REPLY,
            requested_at=self.now,
            personal=MessagePersonal(text=text),
            agent_id=self.agent_id,
        )
        await store_history.request(self.tx, written)
        await self._tell(contact, written)
        return written.message_id

    async def record_step(self, step: HelpStep, evidence: str) -> UUID:
        """Note a step of HELP; its id."""
        contact = await self._assigned()
        recorded = HelpStepRecorded(
            contact_id=self.contact_id,
            agent_id=self.agent_id,
            step=step,
            recorded_at=self.now,
            personal=HelpEvidence(evidence=evidence),
        )
        await self._tell(contact, recorded)
        return await store_history.step(self.tx, recorded)

    async def act(self, wanted: Need) -> ActionTaken | Refused:
        """Spend authority on the contact: the action and the day's sum stand together, or neither."""
        contact = await self._assigned()
        decision = await self._spend(wanted)
        if isinstance(decision, Refused):
            await self._tell(contact, self._refusal(wanted, decision))
            return decision
        taken = ActionTaken(
            contact_id=self.contact_id,
            action_id=new_id(),
            agent_id=self.agent_id,
            kind=wanted.kind,
            amount=wanted.amount,
            currency=wanted.currency,
            limit=decision.limit,
            taken_at=self.now,
        )
        await store_history.act(self.tx, taken)
        await self._tell(contact, taken)
        return taken

    async def transfer(self, queue_id: str, note: str) -> Contact:
        """Hand the contact to a queue, with a note for whoever takes it."""
        contact = await self._assigned()
        await self._note(note)
        return await self._change(life.transfer(contact, await self._queue(queue_id), self.now))

    async def escalate(self, need: Need | None, note: str) -> Contact:
        """Hand the contact to somebody with more authority, with a note."""
        contact = await self._assigned()
        await self._note(note)
        queue = await self._queue(contact.queue_id or "")
        return await self._change(life.escalate(contact, queue, need, self.now))

    async def resolve(self, outcome: ResolutionOutcome, wrap_up: timedelta) -> ResolutionClaimed:
        """Claim that the contact is resolved; wrap-up begins."""
        contact = await self._assigned()
        contact, claimed = life.resolve(contact, outcome, new_id(), self.now, wrap_up)
        await self._change((contact, (claimed,)))
        await store_history.claim(self.tx, claimed)
        return claimed

    async def review(self, verdict: ReviewVerdict) -> Contact:
        """Say what the customer wrote after the claim: still open, or nothing new."""
        return await self._change(life.review(await self._mine(), verdict, self.now))

    async def wrap_up(self) -> Contact:
        """The agent is done with the contact."""
        return await self._change(life.end_wrap_up(await self._mine(), self.now))

    async def _assigned(self) -> Contact:
        contact = await self._mine()
        life.live(contact, OfferState.ACCEPTED)
        return contact

    async def _mine(self) -> Contact:
        """The contact, locked, if its live offer is this agent's."""
        contact = (await store_contacts.lock(self.tx, [self.contact_id])).get(self.contact_id)
        if contact and contact.offer and contact.offer.agent_id == self.agent_id:
            return contact
        if contact and await store_contacts.was_held(self.tx, self.contact_id, self.agent_id):
            raise Conflict("the contact is not with you any more", reason=str(contact.state))
        raise Missing("there is no such contact")

    async def _spend(self, wanted: Need) -> Taken | Refused:
        """Decide under the lock of the day's sum, which two actions at once cannot both pass."""
        agent = await store_agents.find(self.tx, self.agent_id)
        authority = authority_for(agent.authorities, wanted) if agent else None
        if authority is None:
            return spend(None, 0, wanted.amount, self.now)
        purse, day = (self.tx, self.agent_id, authority), self.now.date()
        spent = await store_agents.spent_today(*purse, day)
        decision = spend(authority, spent, wanted.amount, self.now)
        if isinstance(decision, Taken):
            await store_agents.set_spent(*purse, day, decision.spent_today)
        return decision

    def _refusal(self, wanted: Need, decision: Refused) -> ActionRefused:
        return ActionRefused(
            contact_id=self.contact_id,
            agent_id=self.agent_id,
            kind=wanted.kind,
            amount=wanted.amount,
            currency=wanted.currency,
            reason=decision.reason,
            refused_at=self.now,
        )

    async def _queue(self, queue_id: str) -> QueueChanged:
        queue = await store_queues.find(self.tx, queue_id)
        if queue is None:
            raise Missing("there is no such queue")
        return queue

    async def _note(self, note: str) -> None:
        await store_history.note(self.tx, self.contact_id, self.agent_id, note, self.now)

    async def _change(self, told: Told) -> Contact:
        await save_and_tell(self.tx, [told], self.now)
        return told[0]

    async def _tell(self, contact: Contact, event: Event) -> None:
        await outbox.append(self.tx, [Outgoing(event, trace=contact.trace)])
