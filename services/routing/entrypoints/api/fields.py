"""What requests and responses of several resources are made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import values
from shared.contracts.values import AuthorityKind

_PLAIN = r"^[^\x00]*$"
Slug = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
TopicName = Annotated[str, Field(pattern=r"^(\*|[a-z0-9][a-z0-9_.-]{0,63})$")]
Language = Annotated[str, Field(min_length=2, max_length=3, pattern=r"^[a-z]{2,3}$")]
Name = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
Line = Annotated[str, Field(max_length=998, pattern=_PLAIN)]
Text = Annotated[str, Field(min_length=1, max_length=100_000, pattern=_PLAIN)]
Note = Annotated[str, Field(max_length=10_000, pattern=_PLAIN)]
Level = Annotated[int, Field(ge=1, le=5)]
Seconds = Annotated[int, Field(ge=1, le=2_592_000)]
Slots = Annotated[int, Field(ge=0, le=100)]
Amount = Annotated[int, Field(ge=1, le=10**12, description="In minor units, such as cents.")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]
Skills = Annotated[
    dict[Slug, Level], Field(max_length=100, json_schema_extra={"additionalProperties": False})
]

Responses: TypeAlias = dict[int | str, dict[str, Any]]


def refusals(texts: Mapping[int, str]) -> Responses:
    """Why a route refuses, by status, as its document shows it."""
    return {status: {"description": text} for status, text in texts.items()}


class In(BaseModel):
    """A request; an unknown field is an error, so that a misspelt one is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Out(BaseModel):
    """Part of an answer. What is not listed here is not shown."""

    model_config = ConfigDict(extra="forbid")


class Need(In):
    """The authority that resolving a contact takes; also an action to be taken."""

    kind: AuthorityKind
    amount: Amount
    currency: Currency

    def as_value(self) -> values.Need:
        return values.Need(kind=self.kind, amount=self.amount, currency=self.currency)


class Authority(In):
    """What an agent may grant alone: up to `limit` an action and `daily_budget` a day (UTC)."""

    kind: AuthorityKind
    limit: Amount
    daily_budget: Amount
    currency: Currency
    expires_at: Annotated[datetime | None, Field(description="With its zone.")] = None
