"""`POST /v1/contacts`, the hot route: bytes → arrival → commit → answer."""

import re
from uuid import UUID

import msgspec

from services.intake.application.reception import Reception
from services.intake.domain.arrival import Deduplicated, KeyReused, Outcome
from services.intake.domain.submission import arrival_of, digest_of
from shared.contracts.cloudevents import GARBLED
from shared.contracts.external import ContactSubmitted
from shared.http.answer import Answer
from shared.http.app import HotRequest
from shared.http.idempotency import REPLAYED, valid_key
from shared.http.problems import FieldError, problem
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id, stable_id
from shared.observability import tracing

KEY, CONTENT_TYPE = b"idempotency-key", b"content-type"
CONTACTS = ("POST", "/v1/contacts")
JSON = "application/json"
ACCEPTED = 202

_read = msgspec.json.Decoder(ContactSubmitted).decode
_write = msgspec.json.Encoder().encode
_PLACE = re.compile(r" - at `\$([^`]*)`$")
_QUOTED = re.compile(r"'[^']*'")


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
