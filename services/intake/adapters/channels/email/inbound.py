"""Mail as bytes → what a person meant by it. It never crashes on what it is given: it raises `Invalid`."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from hashlib import sha256
from uuid import UUID

from services.intake.adapters.channels.email.headers import author, headers_of, words
from services.intake.adapters.channels.email.parts import DEEPEST, MAX_PARTS, Part, parsed
from services.intake.adapters.channels.email.text import decoded, plain, tidy, without_quotes
from services.intake.domain.address import email_point
from services.intake.domain.arrival import Arrival, Attachment
from services.intake.domain.mail import Envelope, Headers, automatic, mail_id, referred_mails
from services.intake.domain.text import MAX_NAME, MAX_TEXT, line
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel
from shared.kernel.errors import Invalid
from shared.kernel.ids import stable_id

MAX_CONTAINERS = 100
MAX_FILES = 100
LONGEST_FILE_NAME = 255
# What the standard library raises over mails that nobody should have written.
WRONG = (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError)
_CONTAINER = re.compile(rb"(?i)content-type:\s*(?:multipart|message)/")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def read_mail(
    content: bytes, envelope: Envelope, received_at: datetime, trace: TraceContext | None = None
) -> Arrival:
    """The arrival in a mail; raises `Invalid` with a reason free of personal data."""
    if len(_CONTAINER.findall(content)) > MAX_CONTAINERS:
        raise Invalid("the mail has too many parts within parts")
    try:
        return _read(parsed(content), content, envelope, received_at, trace)
    except WRONG as error:
        raise Invalid(f"the mail cannot be read: {type(error).__name__}") from error


def _read(
    mail: Part,
    content: bytes,
    envelope: Envelope,
    received_at: datetime,
    trace: TraceContext | None,
) -> Arrival:
    headers = headers_of(mail)
    name, address = author(headers, envelope.sender)
    bodies, others = _sorted_parts(mail)
    full = tidy("\n\n".join(filter(None, map(_text, bodies))))
    shown = without_quotes(full)[:MAX_TEXT]
    digest = sha256(_HEAD_END.split(content, 1)[-1].strip()).digest()
    return Arrival(
        key=mail_key(headers, address, digest),
        digest=digest,
        channel=Channel.EMAIL,
        sender=email_point(address),
        received_at=received_at,
        text=shown,
        full_text=full if full != shown else None,
        subject=line(words(_first(headers, "subject"))),
        name=line(name, MAX_NAME),
        recipient=next(iter(envelope.recipients), "").lower(),
        mail_id=mail_id(headers),
        refers_to=referred_mails(headers),
        attachments=tuple(map(_file, others)),
        automatic=automatic(headers, return_path=envelope.sender, media_type=mail.media_type),
        trace=trace,
    )


def mail_key(headers: Headers, address: str, digest: bytes) -> UUID:
    """What makes two mails one: the same Message-ID, sender and content; without an id, date and subject."""
    named = mail_id(headers)
    identity = (named,) if named else (_first(headers, "date"), _first(headers, "subject"))
    return stable_id("mail", *identity, address, digest.hex())


def _sorted_parts(mail: Part) -> tuple[list[Part], list[Part]]:
    """What is read, and what is attached."""
    bodies: list[Part] = []
    others: list[Part] = []
    for count, (part, is_body) in enumerate(_leaves(mail)):
        (bodies if is_body else others).append(part)
        if count >= MAX_PARTS or len(others) > MAX_FILES:
            raise Invalid("the mail has too many parts")
    return bodies, others


def _leaves(part: Part, depth: int = 0) -> Iterator[tuple[Part, bool]]:
    """The parts that hold something, in their order, each with whether it is to be read."""
    if depth > DEEPEST:
        raise Invalid("the mail is nested too deep")
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        yield part, _is_body(part)
        return
    inner = [leaf for child in _children(part) for leaf in _leaves(child, depth + 1)]
    if part.get_content_type() == "multipart/alternative":
        inner = _best(inner)
    yield from inner


def _best(leaves: list[tuple[Part, bool]]) -> list[tuple[Part, bool]]:
    """Of the same words twice, the plain ones, unless they are empty."""
    written = [p for p, is_body in leaves if is_body and p.get_content_type() != "text/html"]
    if not any(_text(part) for part in written):
        return leaves
    return [(p, is_body) for p, is_body in leaves if not is_body or p in written]


def _children(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Part)]


def _is_body(part: Part) -> bool:
    named = part.get_filename() or part.get_content_disposition() == "attachment"
    return not named and part.get_content_type() in ("text/plain", "text/html")


def _text(part: Part) -> str:
    text = tidy(decoded(_content(part), part.get_content_charset()))
    return plain(text) if part.get_content_type() == "text/html" else text


def _content(part: Part) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _file(part: Part) -> Attachment:
    content = _content(part)
    return Attachment(
        name=line(words(part.get_filename() or ""), LONGEST_FILE_NAME),
        media_type=line(part.media_type, LONGEST_FILE_NAME),
        content=content,
        digest=sha256(content).digest(),
    )


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
