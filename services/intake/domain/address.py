"""Contact points: one spelling for each address, so that one person is one customer."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

import msgspec

from shared.contracts.values import Channel
from shared.kernel.errors import Invalid


class PointKind(StrEnum):
    """What kind of address a contact point is."""

    EMAIL = "email"
    PHONE = "phone"
    HANDLE = "handle"


class ContactPoint(msgspec.Struct, frozen=True, order=True):
    """An address in its one spelling. Equal points belong to one customer."""

    kind: PointKind
    address: str


# Legal, but a mail program would read a local part with `=?` as an encoded word.
_EMAIL = re.compile(r"(?!.*=\?)[^\s@<>\"(),:;\\\x00-\x20\x7f]+@[^\s@<>\"(),:;\\\x00-\x20\x7f]+")
_DECORATION = re.compile(r"[\s\u00a0().\-/]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
MAX_EMAIL, MAX_HANDLE = 254, 200


def email_point(address: str) -> ContactPoint:
    """The contact point of a mail address; raises `Invalid`."""
    return ContactPoint(PointKind.EMAIL, email(address))


def phone_point(address: str, *, bare: bool = False) -> ContactPoint:
    """The contact point of a phone number; `bare` as for `phone`. Raises `Invalid`."""
    return ContactPoint(PointKind.PHONE, phone(address, bare=bare))


def handle_point(channel: Channel, address: str) -> ContactPoint:
    """The contact point of a name on a channel; raises `Invalid`."""
    return ContactPoint(PointKind.HANDLE, f"{channel}:{handle(address)}")


def any_point(channel: Channel, address: str) -> ContactPoint:
    """The contact point of any kind of address, told apart by its looks; raises `Invalid`."""
    if _EMAIL.fullmatch(address.strip()):
        return email_point(address)
    if _E164.fullmatch(_undecorated(address)):
        return phone_point(address)
    return handle_point(channel, address)


def email(address: str) -> str:
    """Lower case, composed Unicode, the domain as the network spells it; raises `Invalid`."""
    text = unicodedata.normalize("NFC", address.strip()).lower()
    if not _EMAIL.fullmatch(text) or len(text.encode(errors="replace")) > MAX_EMAIL:
        raise Invalid("this is not an e-mail address, such as ada@post.example")
    local, _, domain = text.rpartition("@")
    return f"{local}@{_domain(domain)}"


def phone(address: str, *, bare: bool = False) -> str:
    """E.164, such as +919812345678; `bare` takes digits alone as international. Raises `Invalid`."""
    digits = _undecorated(address)
    digits = f"+{digits}" if bare and digits[:1].isdigit() and digits[:1] != "0" else digits
    if not _E164.fullmatch(digits):
        raise Invalid("this is not an international phone number, such as +49 171 1234567")
    return digits


def handle(address: str) -> str:
    """A name on a platform, without its @; raises `Invalid`."""
    name = unicodedata.normalize("NFC", address).strip().removeprefix("@").lower()
    if not name or len(name) > MAX_HANDLE or not name.isprintable():
        raise Invalid("this is not a name on a channel")
    return name


@lru_cache(maxsize=10_000)
def _domain(name: str) -> str:
    """Many people share few domains."""
    try:
        return name.encode("idna").decode().lower()
    except UnicodeError as error:
        raise Invalid("this e-mail address has no possible domain") from error


def _undecorated(address: str) -> str:
    digits = _DECORATION.sub("", address)
    return f"+{digits[2:]}" if digits.startswith("00") else digits
