"""Topic rules: what a contact is about, as the centre has written it down."""

from collections.abc import Iterable
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.db import topic_rules
from services.intake.application.commands.replace_topic_rules import replace_topic_rules
from services.intake.domain.topic import TopicRule
from services.intake.entrypoints.api.base import ADMIN
from shared.database.database import Database
from shared.http.auth import require
from shared.messaging.outbox.use_case import execute

SlugField = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
PLAIN = r"^[^\x00]*$"
Word = Annotated[str, Field(min_length=2, max_length=100, pattern=PLAIN)]


class TopicRuleModel(BaseModel):
    """A rule; what is left out is not asked, but something must be."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    rank: int = Field(ge=0, le=1_000_000)
    topic: SlugField
    recipient: str | None = Field(None, max_length=254, pattern=PLAIN)
    words: list[Word] = Field([], max_length=200)
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}$")


class TopicRulesModel(BaseModel):
    """All topic rules: they replace those there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: list[TopicRuleModel] = Field(max_length=1_000)

    @classmethod
    def of(cls, rules: Iterable[TopicRule]) -> Self:
        """As they are kept."""
        return cls(rules=[TopicRuleModel.model_validate(rule) for rule in rules])


def topic_rule_routes(database: Database) -> APIRouter:
    """What operators use."""
    routes = APIRouter(prefix="/v1", tags=["administration"], dependencies=[require(ADMIN)])

    @routes.get("/topic-rules")
    async def read_the_topic_rules() -> TopicRulesModel:
        """The rules that tell a contact's topic, by rank."""
        async with database.connection() as tx:
            return TopicRulesModel.of(await topic_rules.all_rules(tx))

    @routes.put("/topic-rules")
    async def replace_the_topic_rules(body: TopicRulesModel) -> TopicRulesModel:
        """Replace all rules at once; they count within a second."""
        rules = [
            TopicRule(**rule.model_dump(exclude={"words"}), words=tuple(rule.words))
            for rule in body.rules
        ]
        return TopicRulesModel.of(
            await execute(database, lambda tx: replace_topic_rules(tx, rules))
        )

    return routes
