"""The shapes of requests and answers, as the OpenAPI document shows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.topic import TopicRule
from shared.contracts.external import ContactSubmitted

SlugField = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
REFERENCE = "#/components/schemas/{model}"
PLAIN = r"^[^\x00]*$"
Word = Annotated[str, Field(min_length=2, max_length=100, pattern=PLAIN)]


def contact_schema() -> dict[str, Any]:
    """JSON Schema of a submitted contact, made from the event's own model."""
    (schema,), parts = msgspec.json.schema_components(
        [ContactSubmitted], ref_template="#/components/schemas/{name}"
    )
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema with what it refers to in its place: it refers to nothing that repeats."""
    if isinstance(schema, list):
        return [_inlined(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {key: _inlined(value, parts) for key, value in schema.items()}


def reference_to(model: type[BaseModel]) -> dict[str, str]:
    """Where the document has the schema of this answer."""
    return {"$ref": REFERENCE.format(model=model.__name__)}


def schemas_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of an answer and of all that it holds, by name."""
    schema = model.model_json_schema(ref_template=REFERENCE, mode="serialization")
    inner: dict[str, Any] = schema.pop("$defs", {})
    return {model.__name__: schema, **inner}


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class PromiseOut(Out):
    """What the customer was told: a person answers by `due_at`."""

    promise_id: UUID
    due_at: datetime
    text: str
    language: str
    basis: str


class ContactAcceptedOut(Out):
    """A contact that is committed."""

    contact_id: UUID
    customer_id: UUID
    message_id: UUID
    promise: PromiseOut | None = None


class MessageOut(Out):
    """One message of a contact; `state` tells how far an outbound one has come."""

    message_id: UUID
    direction: str
    written_at: datetime
    subject: str
    text: str
    kind: str | None
    state: str | None
    settled_at: datetime | None
    reason: str | None
    attachments: int


class PromiseStateOut(Out):
    """A promise and what became of it; without an outcome it is still open."""

    promise_id: UUID
    made_at: datetime
    due_at: datetime
    basis: str
    outcome: str | None
    settled_at: datetime | None


class ContactOut(Out):
    """A contact as the customer sees it."""

    contact_id: UUID
    customer_id: UUID
    channel: str
    topic: str
    language: str
    time_zone: str
    received_at: datetime
    automatic: bool
    promises: list[PromiseStateOut]
    messages: list[MessageOut]


class WaitOut(Out):
    """How long a contact about a topic waits now; `basis` says whether that is a forecast or a target."""

    topic: str
    languages: list[str]
    wait_seconds: float
    basis: str
    as_of: datetime | None


class WaitsOut(Out):
    """How to reach us, and how long it takes."""

    channels: list[str]
    mail: str
    waits: list[WaitOut]


class AccountOut(Out):
    """received = stored + quarantined + deduplicated."""

    channel: str
    received: int
    stored: int
    quarantined: int
    deduplicated: int


class TallyOut(Out):
    """The accounts of all channels."""

    channels: list[AccountOut]


class QuarantineEntryOut(Out):
    """Something that could not be read."""

    quarantine_id: UUID
    door: str
    channel: str
    reason: str
    size: int
    received_at: datetime
    replayed_at: datetime | None
    contact_id: UUID | None


class QuarantineOverflowOut(Out):
    """Records that are counted and not kept: they stand between these offsets of their topic."""

    topic: str
    partition: int
    channel: str
    reason: str
    count: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime


class QuarantineListOut(Out):
    """A page of the quarantine, newest first; `next` is the `before` of the next page.

    `overflow` is what there was no room for, of all time.
    """

    items: list[QuarantineEntryOut]
    next: UUID | None
    overflow: list[QuarantineOverflowOut]


class QuarantinedOut(Out):
    """The thing itself."""

    quarantine_id: UUID
    door: str
    channel: str
    reason: str
    received_at: datetime
    envelope: Any
    content_base64: str


class ReplayedOut(Out):
    """What a replay came to: `stored` or `deduplicated`."""

    outcome: str
    contact_id: UUID
    message_id: UUID


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
