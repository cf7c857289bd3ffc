"""Mail as bytes → what a person meant by it. It never crashes on what it is given: it raises `Invalid`."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from hashlib import sha256
from uuid import UUID

from services.intake.adapters.channels.email.headers import author, headers_of, words
from services.intake.adapters.channels.email.parts import (
    DEEPEST,
    HEADS_END,
    MAX_PARTS,
    Part,
    heads,
    parsed,
)
from services.intake.adapters.channels.email.text import plain, tidy, without_quotes
from services.intake.domain.address import email_point
from services.intake.domain.arrival import Arrival, Attachment
from services.intake.domain.mail import (
    Envelope,
    Headers,
    automatic,
    for_people_only,
    mail_id,
    referred_mails,
)
from services.intake.domain.text import MAX_NAME, MAX_TEXT, line
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel
from shared.kernel.errors import Invalid
from shared.kernel.ids import stable_id

MAX_CONTAINERS = 100
MAX_FILES = 100
LONGEST_FILE_NAME = 255
LONGEST_HEADS = 20_000
# What the standard library raises over mails that nobody should have written.
WRONG = (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError)
_CONTAINER = re.compile(rb"(?i)content-type:\s*(?:multipart|message)/")
_HTML, _WRITTEN = "text/html", ("text/plain", "text/html")
LONGEST_STUB, STUB_IS_LONGER = 300, 4
"""Characters of plain words that may stand for the others, and how many times as much those have to say."""
_ANSWERS = re.compile(
    r"(?i)(?:re|aw|antw?|sv|vs|odp|ynt|rif|res|回复|答复|返信|ответ)(?:\[\d+\])?\s*[:：]"
)
"""What subjects of answers begin with; only an answer has quotes that its reader knows."""


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
    name, address = author(headers, envelope.sender, mail.charsets)
    bodies, others = _sorted_parts(mail)
    full = tidy("\n\n".join(filter(None, map(_text, bodies))))
    subject = line(words(_first(headers, "subject"), mail.charsets))
    referred = referred_mails(headers)
    is_answer = bool(referred) or _ANSWERS.match(subject)
    shown = (without_quotes(full) if is_answer else full)[:MAX_TEXT]
    digest = sha256(HEADS_END.split(content, 1)[-1].strip()).digest()
    return Arrival(
        key=mail_key(headers, address, digest),
        digest=digest,
        channel=Channel.EMAIL,
        sender=email_point(address),
        received_at=received_at,
        text=shown,
        full_text=full if full != shown else None,
        subject=subject,
        name=line(name, MAX_NAME),
        recipient=next(iter(envelope.recipients), "").lower(),
        mail_id=mail_id(headers),
        refers_to=referred,
        attachments=tuple(map(_file, others)),
        automatic=automatic(
            headers,
            return_path=envelope.sender,
            media_type=mail.media_type,
            address=address,
            subject=subject,
        ),
        for_people_only=for_people_only(headers, address),
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
    if not bodies:  # some programs give the words a file name
        bodies = [part for part in others if _is_named_body(part)][:1]
        others = [part for part in others if part not in bodies]
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
    """Of the same words twice, the plain ones, unless they only say that the words are elsewhere."""
    bodies = [part for part, is_body in leaves if is_body]
    plain_ones = [part for part in bodies if part.get_content_type() != _HTML]
    rich_ones = [part for part in bodies if part.get_content_type() == _HTML]
    chosen = rich_ones if _is_stub(plain_ones, rich_ones) else plain_ones or rich_ones
    return [(part, is_body) for part, is_body in leaves if not is_body or part in chosen]


def _is_stub(plain_ones: list[Part], rich_ones: list[Part]) -> bool:
    """Whether the plain words are few, and the others say several times as much."""
    said = sum(len(_text(part)) for part in plain_ones)
    if said > LONGEST_STUB or not rich_ones:
        return False
    return sum(len(_text(part)) for part in rich_ones) > said * STUB_IS_LONGER


def _children(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Part)]


def _is_body(part: Part) -> bool:
    """Also what says that it has parts, and has none: its boundary is nowhere."""
    named = part.get_filename() or part.get_content_disposition() == "attachment"
    said = part.get_content_type()
    return not named and (said in _WRITTEN or said.startswith("multipart/"))


def _is_named_body(part: Part) -> bool:
    return part.get_content_type() in _WRITTEN and part.get_content_disposition() != "attachment"


def _text(part: Part) -> str:
    text = tidy(part.charsets.decoded(_content(part), part.get_content_charset()))
    return plain(text) if part.get_content_type() == _HTML else text


def _content(part: Part) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _file(part: Part) -> Attachment:
    content = _content(part)
    return Attachment(
        name=line(_name(part, content), LONGEST_FILE_NAME),
        media_type=line(part.media_type, LONGEST_FILE_NAME),
        content=content,
        digest=sha256(content).digest(),
    )


def _name(part: Part, content: bytes) -> str:
    """Its own; else, what an attached mail is about, or how the part is described."""
    if named := part.get_filename():
        return words(named, part.charsets)
    if part.media_type == "message/rfc822":
        inner = headers_of(heads(content[:LONGEST_HEADS], part.charsets))
        about = words(_first(inner, "subject"), part.charsets)
        return f"{about}.eml" if about else ""
    return words(part.get("content-description", ""), part.charsets)


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
