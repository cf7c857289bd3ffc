"""A mail taken apart by the standard library, without what there takes the square of the time."""

import re
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from typing import cast

from services.intake.adapters.channels.email.charsets import Charsets
from shared.kernel.errors import Invalid

DEEPEST = 20
MAX_PARTS = 200
LONGEST_PARAMETERS = 8_000
MAX_PARAMETERS = 100
HEADS_END = re.compile(rb"\r?\n\r?\n")
_FILE = "application/octet-stream"


class Part(Message):
    """A part of a mail; a mail that is attached to it is a file like any other, and stays as it came.

    The parser goes by `get_content_type`: it would take an attached mail or a delivery report apart, too.
    """

    depth = 0

    @property
    def charsets(self) -> Charsets:
        """Those of the mail it belongs to."""
        return cast(_Shortened, self.policy).charsets

    @property
    def media_type(self) -> str:
        """What it says it is."""
        return super().get_content_type()

    def get_content_type(self) -> str:
        """What it is to the parser and to us."""
        said = super().get_content_type()
        return _FILE if said.startswith("message/") else said

    def attach(self, payload: Message | str) -> None:
        """One more part within; raises `Invalid` where there are too many, or too deep."""
        if isinstance(payload, Part):
            payload.depth = self.depth + 1
            if payload.depth > DEEPEST:
                raise Invalid("the mail is nested too deep")
        super().attach(payload)
        if len(self.get_payload()) > MAX_PARTS:
            raise Invalid("the mail has too many parts")


class _Shortened(Compat32):
    """Headers as they came, but no more parameters of a media type than anybody needs.

    They are looked through several times for each part, each time with the square of their number. Bytes that are not ASCII
    are in the charset of the words, if that is named.
    """

    charsets = Charsets()

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value."""
        name, value = super().header_source_parse(sourcelines)
        if name[:8].lower() == "content-":
            value = ";".join(value[:LONGEST_PARAMETERS].split(";", MAX_PARAMETERS)[:MAX_PARAMETERS])
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - the library gives it
        """The value as text; encoded words are still encoded."""
        if value.isascii():
            return value
        return self.charsets.decoded(value.encode("ascii", "surrogateescape"))


def parsed(content: bytes) -> Part:
    """The mail with all its parts; raises `Invalid` where they are too many or too deep."""
    mail = _parsed(content, charsets := Charsets())
    named = (part.get_content_charset() for part in mail.walk())
    charsets.named = next(filter(None, named), None)
    return mail


def heads(content: bytes, charsets: Charsets) -> Part:
    """The heads alone of a mail that is attached to one of these charsets."""
    return _parsed(HEADS_END.split(content, 1)[0], charsets)


def _parsed(content: bytes, charsets: Charsets) -> Part:
    policy = _Shortened(message_factory=Part, charsets=charsets)  # type: ignore[call-arg] # by name, as any of its attributes
    mail = message_from_bytes(content, policy=policy)
    if not isinstance(mail, Part):
        raise Invalid("the mail has no parts")
    return mail
