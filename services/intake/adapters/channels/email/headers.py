"""Mail headers as text: encoded words, raw bytes, and who wrote it."""

from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from services.intake.adapters.channels.email.charsets import Charsets
from services.intake.domain.address import email
from services.intake.domain.mail import Headers, takes_no_answers
from services.intake.domain.text import fit
from shared.kernel.errors import Invalid

LONGEST = 20_000
LONGEST_AUTHOR = 2_000
_WORD_END = "?="


def headers_of(mail: Message) -> Headers:
    """Unfolded values by lower-case name; encoded words are still encoded."""
    found: dict[str, list[str]] = {}
    for name, value in mail.items():
        found.setdefault(name.lower(), []).append(_unfolded(value))
    return found


def author(headers: Headers, return_path: str, charsets: Charsets) -> tuple[str, str]:
    """The name and address of who wrote it: From, else Reply-To, else Sender, else the envelope's; raises `Invalid`.

    A From that takes no answers is that of a program: who is to be answered stands in Reply-To.
    """
    answers = _mailboxes(headers, "reply-to")
    written = (*_mailboxes(headers, "from"), *answers, *_mailboxes(headers, "sender"))
    if written:
        chosen = answers if answers and takes_no_answers(written[0][1]) else written
        name, address = chosen[0]
        return words(name, charsets), address
    if _is_address(return_path):
        return "", return_path
    raise Invalid("the mail has no sender")


def _mailboxes(headers: Headers, field: str) -> list[tuple[str, str]]:
    """Those of the first field of that name that can be written to."""
    values = [value[:LONGEST_AUTHOR] for value in headers.get(field, ())[:1]]
    found = getaddresses(values)
    return [(name, address) for name, address in found if _is_address(address)]


def words(value: str, charsets: Charsets) -> str:
    """A header's text with its encoded words decoded; as it stands where they are broken."""
    shown = value[:LONGEST]
    # Behind the last end of a word there is none; the library would look for one at every beginning.
    begin, end, rest = shown.rpartition(_WORD_END)
    try:
        pieces = decode_header(begin + end)
    except (HeaderParseError, ValueError):
        return fit(shown)
    said = (
        piece if isinstance(piece, str) else charsets.decoded(piece, label)
        for piece, label in pieces
    )
    return fit("".join(said) + rest)


def _unfolded(value: str) -> str:
    return fit(" ".join(value[:LONGEST].split()))


def _is_address(address: str) -> bool:
    try:
        return bool(email(address))
    except Invalid:
        return False
