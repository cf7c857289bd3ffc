"""Mail headers as text: encoded words, raw bytes, and who wrote it."""

from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from services.intake.adapters.channels.email.text import decoded
from services.intake.domain.address import email
from services.intake.domain.mail import Headers
from services.intake.domain.text import fit
from shared.kernel.errors import Invalid

LONGEST = 20_000
LONGEST_AUTHOR = 2_000
_WORD_END = "?="


def headers_of(mail: Message) -> Headers:
    """Unfolded values by lower-case name; encoded words are still encoded."""
    found: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        found.setdefault(name.lower(), []).append(_unfolded(str(value)))
    return found


def author(headers: Headers, return_path: str) -> tuple[str, str]:
    """The name and address of who wrote it: From, else Sender, else the envelope's; raises `Invalid`."""
    for field in ("from", "sender"):
        for name, address in getaddresses([v[:LONGEST_AUTHOR] for v in headers.get(field, ())[:1]]):
            if _is_address(address):
                return words(name), address
    if _is_address(return_path):
        return "", return_path
    raise Invalid("the mail has no sender")


def words(value: str) -> str:
    """A header's text with its encoded words decoded; as it stands where they are broken."""
    shown = value[:LONGEST]
    # Behind the last end of a word there is none; the library would look for one at every beginning.
    begin, end, rest = shown.rpartition(_WORD_END)
    try:
        pieces = decode_header(begin + end)
    except (HeaderParseError, ValueError):
        return fit(shown)
    return fit("".join(map(_piece, pieces)) + rest)


def _piece(piece: tuple[bytes | str, str | None]) -> str:
    content, charset = piece
    return content if isinstance(content, str) else decoded(content, charset)


def _unfolded(value: str) -> str:
    content = value[:LONGEST].encode("ascii", "surrogateescape") if not value.isascii() else b""
    text = decoded(content, None) if content else value[:LONGEST]
    return fit(" ".join(text.split()))


def _is_address(address: str) -> bool:
    try:
        return bool(email(address))
    except Invalid:
        return False
