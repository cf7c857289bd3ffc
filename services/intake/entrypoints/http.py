"""The routes of intake but the hot one, which stands in `contacts.py`."""

from base64 import b64encode
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.intake.adapters import store_centre, store_quarantine, store_tally, store_views
from services.intake.application.quarantine import Replay
from services.intake.domain.topic import TopicRule
from services.intake.domain.waits import waits
from services.intake.entrypoints.contacts import PUBLISH
from services.intake.entrypoints.schemas import (
    AccountOut,
    ContactOut,
    QuarantinedOut,
    QuarantineEntryOut,
    QuarantineListOut,
    QuarantineOverflowOut,
    ReplayedOut,
    TallyOut,
    TopicRulesModel,
    WaitOut,
    WaitsOut,
)
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.http.auth import Caller, public, require
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid, Missing
from shared.observability.logging import get_logger

ADMIN = "intake.admin"

log = get_logger(__name__)


def contact_routes(database: Database) -> APIRouter:
    """What publishers of contacts use."""
    routes = APIRouter(prefix="/v1", tags=["contacts"])

    @routes.get(
        "/contacts/{contact_id}",
        dependencies=[require(PUBLISH)],
    )
    async def read_a_contact(contact_id: UUID) -> ContactOut:
        """The contact as the customer sees it: messages, promises, delivery states."""
        async with database.connection() as tx:
            found = await store_views.contact(tx, contact_id)
        if found is None:
            raise Missing("there is no such contact")
        return ContactOut.model_validate(found)

    return routes


def waits_routes(database: Database, clock: Clock, mail: str) -> APIRouter:
    """What everybody may know."""
    routes = APIRouter(prefix="/v1", tags=["waits"])

    @routes.get("/waits", dependencies=[public()])
    async def read_the_waits() -> WaitsOut:
        """How to reach us, and how long each matter waits now."""
        async with database.connection() as tx:
            queues = await store_centre.queues(tx)
        found = [WaitOut.model_validate(wait) for wait in waits(queues, clock.now())]
        return WaitsOut(channels=[channel.value for channel in Channel], mail=mail, waits=found)

    return routes


def admin_routes(database: Database, replay: Replay) -> APIRouter:
    """What operators use."""
    routes = APIRouter(prefix="/v1", tags=["administration"], dependencies=[require(ADMIN)])
    _rules(routes, database)
    _quarantine(routes, database, replay)

    @routes.get("/tally")
    async def read_the_tally() -> TallyOut:
        """What came in, and what became of it, by channel."""
        async with database.connection() as tx:
            sums = await store_tally.sums(tx)
        return TallyOut(channels=[AccountOut.model_validate(each) for each in sums])

    return routes


def _rules(routes: APIRouter, database: Database) -> None:
    @routes.get("/topic-rules")
    async def read_the_topic_rules() -> TopicRulesModel:
        """The rules that tell a contact's topic, by rank."""
        async with database.connection() as tx:
            return TopicRulesModel.of(await store_centre.rules(tx))

    @routes.put("/topic-rules")
    async def replace_the_topic_rules(body: TopicRulesModel) -> TopicRulesModel:
        """Replace all rules at once; they count within a second."""
        rules = [
            TopicRule(**rule.model_dump(exclude={"words"}), words=tuple(rule.words))
            for rule in body.rules
        ]
        if len({rule.rank for rule in rules}) < len(rules):
            raise Invalid("two rules have the same rank")
        if not all(rule.recipient or rule.words or rule.language for rule in rules):
            raise Invalid("a rule asks for a recipient, a word or a language")
        async with database.transaction() as tx:
            await store_centre.replace_rules(tx, rules)
        return TopicRulesModel.of(sorted(rules, key=lambda rule: rule.rank))


def _quarantine(routes: APIRouter, database: Database, replay: Replay) -> None:
    @routes.get("/quarantine")
    async def list_the_quarantine(
        before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> QuarantineListOut:
        """What could not be read, newest first."""
        async with database.connection() as tx:
            found = await store_quarantine.entries(tx, before, limit)
            overflow = await store_quarantine.overflow(tx)
        last = found[-1].quarantine_id if len(found) == limit else None
        items = [QuarantineEntryOut.model_validate(entry) for entry in found]
        left = [QuarantineOverflowOut.model_validate(each) for each in overflow]
        return QuarantineListOut(items=items, next=last, overflow=left)

    @routes.get("/quarantine/{quarantine_id}")
    async def read_from_the_quarantine(
        quarantine_id: UUID, caller: Annotated[Caller, require(ADMIN)]
    ) -> QuarantinedOut:
        """One of them with its bytes. Who looks is logged."""
        async with database.connection() as tx:
            found = await store_quarantine.one(tx, quarantine_id)
        if found is None:
            raise Missing("there is nothing in quarantine under this id")
        log.info("quarantine read", quarantine_id=str(quarantine_id), caller=caller.subject)
        content = b64encode(found.content).decode()
        shown = {
            name: getattr(found, name)
            for name in QuarantinedOut.model_fields
            if name != "content_base64"
        }
        return QuarantinedOut(**shown, content_base64=content)

    @routes.post("/quarantine/{quarantine_id}/replay")
    async def replay_from_the_quarantine(
        quarantine_id: UUID, caller: Annotated[Caller, require(ADMIN)]
    ) -> ReplayedOut:
        """Read it once more, and take it in if it can be read now."""
        column, receipt = await replay(quarantine_id)
        log.info("quarantine replayed", quarantine_id=str(quarantine_id), caller=caller.subject)
        return ReplayedOut(
            outcome=column, contact_id=receipt.contact_id, message_id=receipt.message_id
        )
