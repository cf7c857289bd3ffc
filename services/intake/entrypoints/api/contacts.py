"""Contacts: handed in by the hot route (bytes → arrival → commit → response), and read."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel

from services.intake.adapters.db import views
from services.intake.application.submission import Submission
from services.intake.domain.arrival import Deduplicated, KeyReused, Outcome
from services.intake.domain.channels import Channels
from services.intake.domain.submission import arrival_of, digest_of
from services.intake.entrypoints.api.base import PUBLISH, Out
from services.intake.entrypoints.api.submitted_contact import ContactIn, all_wrong, read
from shared.contracts.cloudevents import GARBLED
from shared.database.database import Database
from shared.http.app import HotRequest, HotRoute
from shared.http.auth import require
from shared.http.idempotency import LONGEST_KEY, REPLAYED, VISIBLE, valid_key
from shared.http.paging import DEFAULT, Limit
from shared.http.problems import problem
from shared.http.response import HttpResponse
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid, Missing
from shared.kernel.ids import new_id, stable_id
from shared.observability import tracing

KEY = b"idempotency-key"
JSON = "application/json"
ACCEPTED = 202
REFERENCE = "#/components/schemas/{model}"


class PromiseOut(Out):
    """The promise in its words: a person replies by `due_at`."""

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


class AttachmentOut(Out):
    """A file of a message under the name and media type that its sender gave it.

    `position` is what it is downloaded by; `size` is in bytes.
    """

    position: int
    name: str
    media_type: str
    size: int


class MessageOut(Out):
    """One message of a contact; `state` tells how far an outbound one has come.

    `in_response`: it stood in the response to `POST /v1/contacts`, and was delivered nowhere else.
    """

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
    files: list[AttachmentOut]


class PromiseStateOut(Out):
    """A promise and what became of it; without an outcome it is still open."""

    promise_id: UUID
    made_at: datetime
    due_at: datetime
    basis: str
    outcome: str | None
    settled_at: datetime | None


class ContactOut(Out):
    """A contact as the customer sees it, with its newest messages, the newest of them last.

    `next` is the `before` of the page of messages before these, null where there are none.
    """

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
    next: UUID | None


def contact_schema() -> dict[str, Any]:
    """JSON Schema of a submitted contact, made from the model that reads it."""
    (schema,), parts = msgspec.json.schema_components(
        [ContactIn], ref_template="#/components/schemas/{name}"
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
    """Where the document has the schema of this response."""
    return {"$ref": REFERENCE.format(model=model.__name__)}


def schemas_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a response and of all that it holds, by name."""
    schema = model.model_json_schema(ref_template=REFERENCE, mode="serialization")
    inner: dict[str, Any] = schema.pop("$defs", {})
    return {model.__name__: schema, **inner}


_KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": VISIBLE}
_REPLAYED_HEADER = {
    "description": "`true` when this is the response to an earlier request with the same key.",
    "schema": {"type": "string", "const": "true"},
}
OPERATION = {
    "tags": ["contacts"],
    "summary": "Submit A Contact",
    "operationId": "submit_a_contact_v1_contacts_post",
    "description": "Hand in a customer's need. 202 means: committed, and the customer has our promise."
    "\n\nAn address that is a mail address is written to, whatever the channel. On `web`, `api`, `chat`, `social` and"
    " `in_person` anything else is a phone number or a handle, which no channel delivers to yet: then `promise.text`"
    " in this response is all that the customer can get, so show it to them, and the acknowledgement's `state` is"
    " `in_response`. A field that is not listed here is refused.",
    "parameters": [
        {
            "name": "idempotency-key",
            "in": "header",
            "required": False,
            "description": "Recommended: a repetition with the same key and body gets the same response.",
            "schema": _KEY_SCHEMA,
        }
    ],
    "requestBody": {"required": True, "content": {JSON: {"schema": contact_schema()}}},
    "responses": {
        "202": {
            "description": "Committed, and promised a reply.",
            "content": {JSON: {"schema": reference_to(ContactAcceptedOut)}},
            "headers": {"Idempotency-Replayed": _REPLAYED_HEADER},
        }
    },
}

_write = msgspec.json.Encoder().encode


def contact_routes(database: Database) -> APIRouter:
    """What publishers of contacts use beside the hot route."""
    routes = APIRouter(prefix="/v1", tags=["contacts"])

    @routes.get(
        "/contacts/{contact_id}",
        dependencies=[require(PUBLISH)],
        responses={404: {"description": "There is no such contact."}},
    )
    async def read_a_contact(
        contact_id: UUID, before: UUID | None = None, limit: Limit = DEFAULT
    ) -> ContactOut:
        """The contact as the customer sees it: messages, promises, delivery states."""
        async with database.connection() as tx:
            found = await views.contact(tx, contact_id, before, limit)
        if found is None:
            raise Missing("there is no such contact")
        return ContactOut.model_validate(found)

    return routes


def post_contact(submission: Submission, channels: Channels, clock: Clock) -> HotRoute:
    """The route, with its documentation."""
    return HotRoute(
        method="POST",
        path="/v1/contacts",
        scope=PUBLISH,
        handle=PostContact(submission, channels, clock),
        operation=OPERATION,
        schemas=schemas_of(ContactAcceptedOut),
    )


class PostContact:
    """Responds 202 with the receipt once the contact is committed, and never before."""

    def __init__(self, submission: Submission, channels: Channels, clock: Clock) -> None:
        self._submission, self._channels, self._clock = submission, channels, clock

    async def __call__(self, request: HotRequest) -> HttpResponse:
        """The response to one request; raises the `Failure`s that have one response everywhere."""
        key = _key(request)
        try:
            arrival = arrival_of(
                read(request.body),
                self._channels,
                key=key or new_id(),
                digest=digest_of(request.body),
                received_at=self._clock.now(),
                reads_response=True,
                repeatable=key is not None,
                trace=tracing.current(),
            )
        except (Invalid, *GARBLED):
            wrong = all_wrong(request.body, self._channels)
            return problem("invalid", "the request does not fit its schema", errors=wrong)
        return _response(await self._submission.submit(arrival))


def _response(outcome: Outcome) -> HttpResponse:
    if isinstance(outcome, KeyReused):
        raise Invalid("this Idempotency-Key was used with another content")
    response = HttpResponse(ACCEPTED, _write(outcome.receipt))
    return response.with_header(*REPLAYED) if isinstance(outcome, Deduplicated) else response


def _key(request: HotRequest) -> UUID | None:
    """The same for the same caller and key; without a key every request is a new arrival."""
    given = request.header(KEY)
    return None if given is None else stable_id("http", request.caller.subject, valid_key(given))
