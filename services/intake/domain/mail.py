"""What the headers of a mail mean: what it refers to, and whether a machine wrote it."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

LOOP = "x-rapport-loop"
"""The header that marks what we sent; a mail that comes back with it was sent by ourselves."""

# With `=?` it would be read as an encoded word, which can hold anything, where we reply to it.
_MAIL_ID = re.compile(r"<(?![^<>\s]*=\?)[^<>\s]{1,990}>")
_OWN = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
_BULK = frozenset(("bulk", "junk", "list", "auto_reply"))
_LISTS = ("list-id", "list-unsubscribe", "list-post", "feedback-id")
_MARKS = (LOOP, "x-autoreply", "x-autorespond", "x-auto-response-suppress")
MAX_REFERENCES = 50

Headers = Mapping[str, Sequence[str]]
"""Header values by lower-case name, in their order."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What SMTP said around a mail; an empty sender is the null return path of bounces."""

    sender: str
    recipients: tuple[str, ...]


def automatic(headers: Headers, *, return_path: str | None, media_type: str) -> bool:
    """Whether no person wrote this (RFC 3834 and what senders do instead): it is never acknowledged.

    `return_path` is the envelope's sender: empty for bounces, None where it is not known.
    """
    submitted = _first(headers, "auto-submitted").partition(";")[0].strip().lower()
    return (
        return_path == ""
        or submitted not in ("", "no")
        or _first(headers, "precedence").strip().lower() in _BULK
        or media_type in ("multipart/report", "message/delivery-status")
        or any(name in headers for name in (*_LISTS, *_MARKS))
        or _first(headers, "return-path").strip() == "<>"
    )


def mail_id(headers: Headers) -> str | None:
    """The Message-ID, if there is a usable one."""
    found = _MAIL_ID.search(_first(headers, "message-id"))
    return found.group() if found else None


def referred_mails(headers: Headers) -> tuple[str, ...]:
    """The mails it refers to, the nearest first: In-Reply-To, then References from the end."""
    nearest = _MAIL_ID.findall(" ".join(headers.get("in-reply-to", ())))
    chain = _MAIL_ID.findall(" ".join(headers.get("references", ())))
    return tuple(dict.fromkeys((*nearest, *reversed(chain))))[:MAX_REFERENCES]


def own_message(mail: str) -> UUID | None:
    """Our message, if this Message-ID has the form of ours."""
    found = _OWN.fullmatch(mail)
    return UUID(found.group(1)) if found else None


def own_mail_id(message_id: UUID, domain: str) -> str:
    """The Message-ID under which we send a message, the same at every attempt."""
    return f"<{message_id}@{domain}>"


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
