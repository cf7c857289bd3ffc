"""`POST /v1/contacts`, the hot route: bytes → arrival → commit → answer."""

import re
from uuid import UUID

import msgspec

from services.intake.application.reception import Reception
from services.intake.domain.arrival import Deduplicated, KeyReused, Outcome
from services.intake.domain.submission import arrival_of, digest_of
from services.intake.entrypoints.schemas import (
    ContactAcceptedOut,
    contact_schema,
    reference_to,
    schemas_of,
)
from shared.contracts.cloudevents import GARBLED
from shared.contracts.external import ContactSubmitted
from shared.http.answer import Answer
from shared.http.app import HotRequest, HotRoute
from shared.http.idempotency import LONGEST_KEY, REPLAYED, VISIBLE, valid_key
from shared.http.problems import FieldError, problem
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id, stable_id
from shared.observability import tracing

KEY, CONTENT_TYPE = b"idempotency-key", b"content-type"
PUBLISH = "contacts.write"
JSON = "application/json"
ACCEPTED = 202

_KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": VISIBLE}
_REPLAYED_HEADER = {
    "description": "`true` when this answers an earlier request with the same key.",
    "schema": {"type": "string", "const": "true"},
}
OPERATION = {
    "tags": ["contacts"],
    "summary": "Submit A Contact",
    "operationId": "submit_a_contact_v1_contacts_post",
    "description": "Hand in a customer's need. 202 means: committed, and the customer has our promise.",
    "parameters": [
        {
            "name": "idempotency-key",
            "in": "header",
            "required": False,
            "description": "Recommended: a repetition with the same key and body gets the same answer.",
            "schema": _KEY_SCHEMA,
        }
    ],
    "requestBody": {"required": True, "content": {JSON: {"schema": contact_schema()}}},
    "responses": {
        "202": {
            "description": "Committed, and promised an answer.",
            "content": {JSON: {"schema": reference_to(ContactAcceptedOut)}},
            "headers": {"Idempotency-Replayed": _REPLAYED_HEADER},
        }
    },
}

_read = msgspec.json.Decoder(ContactSubmitted).decode
_write = msgspec.json.Encoder().encode
_PLACE = re.compile(r" - at `\$([^`]*)`$")
_QUOTED = re.compile(r"'[^']*'")


def post_contact(reception: Reception, clock: Clock) -> HotRoute:
    """The route, with what it says of itself."""
    return HotRoute(
        method="POST",
        path="/v1/contacts",
        scope=PUBLISH,
        handle=PostContact(reception, clock),
        operation=OPERATION,
        schemas=schemas_of(ContactAcceptedOut),
    )


class PostContact:
    """Answers 202 with the receipt once the contact is committed, and never before."""

    def __init__(self, reception: Reception, clock: Clock) -> None:
        self._reception, self._clock = reception, clock

    async def __call__(self, request: HotRequest) -> Answer:
        """The answer to one request; raises the `Failure`s that are answered alike everywhere."""
        if _media_type(request) != JSON:
            return problem("unsupported", f"send {JSON}")
        try:
            submitted = _read(request.body)
        except GARBLED as error:
            return problem("invalid", "the request does not fit its schema", errors=[_wrong(error)])
        key = _key(request)
        arrival = arrival_of(
            submitted,
            key=key or new_id(),
            digest=digest_of(request.body),
            received_at=self._clock.now(),
            heard=True,
            repeatable=key is not None,
            trace=tracing.current(),
        )
        return _answer(await self._reception.take(arrival))


def _answer(outcome: Outcome) -> Answer:
    if isinstance(outcome, KeyReused):
        raise Invalid("this Idempotency-Key was used with another content")
    answer = Answer(ACCEPTED, _write(outcome.receipt))
    return answer.with_header(*REPLAYED) if isinstance(outcome, Deduplicated) else answer


def _key(request: HotRequest) -> UUID | None:
    """The same for the same caller and key; without a key every request is a new arrival."""
    given = request.header(KEY)
    return None if given is None else stable_id("http", request.caller.subject, valid_key(given))


def _media_type(request: HotRequest) -> str:
    return (request.header(CONTENT_TYPE) or "").partition(";")[0].strip().lower()


def _wrong(error: Exception) -> FieldError:
    """What is wrong and where, without the value that is."""
    text = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    place = _PLACE.search(text)
    pointer = place.group(1).replace(".", "/") if place else ""
    detail = _QUOTED.sub("…", _PLACE.sub("", text))
    return FieldError(place="body", pointer=pointer, detail=detail)
