"""A contact as it is handed in over HTTP: the event's own fields and no others, and all that is wrong with one.

Of an event what we do not know is passed over, because fields may be added to it. A request is written
against this document, so a field that is not there is misspelt, and whoever wrote it wants to know.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Final

import msgspec
from msgspec import inspect, structs

from services.intake.domain.channels import Channels
from shared.contracts.cloudevents import GARBLED
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.values import Channel, Currency, Language, Need, Slug, Text
from shared.http.problems import FieldError, pointer
from shared.i18n.time_zones import NO_TIME_ZONE, is_time_zone
from shared.kernel.errors import Invalid

Path = tuple[str, ...]
WrittenText = Annotated[Text, msgspec.Meta(pattern=r"\S")]


class PersonalIn(SubmittedPersonal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Personal data of a contact. `address` is an e-mail address, phone number or handle."""

    text: WrittenText


class NeedIn(Need, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The authority that resolving a contact takes."""


class ContactIn(ContactSubmitted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer's need. `reference` is the publisher's own id for it.

    What is left out is found out: language from the text, time zone from the language, topic and
    need from the rules of the centre.
    """

    personal: PersonalIn
    need: NeedIn | None = None


MAX_ERRORS: Final = 100
_decode = msgspec.json.Decoder(ContactIn).decode
_SHOWN: Final = re.compile(r" - at `\$[^`]*`$|'[^']*'")


def _pattern(of: Any) -> str:
    kind = inspect.type_info(of)
    assert isinstance(kind, inspect.StrType)  # noqa: S101  (each of them is a text with a pattern)
    return kind.pattern or ""


WORDS: Final = {
    _pattern(WrittenText): "write something: this text is empty",
    _pattern(Slug): "lower-case letters, digits and _ . - after the first, such as billing",
    _pattern(Language): "two or three lower-case letters, such as de",
    _pattern(Currency): "three capital letters, such as EUR",
}
"""What a pattern asks for, as a person says it."""


def read(body: bytes) -> ContactIn:
    """The contact in a body; raises one of `GARBLED`, or `Invalid`, at the first thing that is wrong."""
    contact = _decode(body)
    if contact.time_zone is not None and not is_time_zone(contact.time_zone):
        raise Invalid(f"time_zone {NO_TIME_ZONE}")
    return contact


def all_wrong(body: bytes, channels: Channels) -> list[FieldError]:
    """Everything that is wrong with a body that was refused, each with its place and without its value."""
    try:
        content = msgspec.json.decode(body)
    except GARBLED as error:
        text = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        return [FieldError(place="body", pointer="", detail=text)]
    found = list(islice(_wrong(content, ContactIn, ()), MAX_ERRORS))
    places = {error.pointer for error in found}
    if isinstance(content, dict):
        found += [each for each in _no_zone(content) if each.pointer not in places]
        found += _no_address(content, channels)
    return found or [_error((), "this cannot be read as it stands: does a field stand twice?")]


def _wrong(value: Any, kind: Any, path: Path) -> Iterator[FieldError]:
    """What is wrong with a value: with each of its fields, if it should have some and does."""
    options = _options(kind)
    struct = next((each.cls for each in options if isinstance(each, inspect.StructType)), None)
    if struct is not None and isinstance(value, dict):
        yield from _wrong_fields(value, struct, path)
    elif detail := _detail(value, options) or _mismatch(value, kind):
        yield _error(path, detail)


def _wrong_fields(
    value: dict[str, Any], struct: type[msgspec.Struct], path: Path
) -> Iterator[FieldError]:
    known = {field.encode_name: field for field in structs.fields(struct)}
    for name, field in known.items():
        if name in value:
            yield from _wrong(value[name], field.type, (*path, name))
        elif field.required:
            yield _error((*path, name), "Field required")
    for name in value:
        if name not in known:
            yield _error((*path, name), f"there is no such field, only {', '.join(known)}")


def _detail(value: Any, options: tuple[inspect.Type, ...]) -> str:
    """What a text of a list or of a pattern may be; empty where it is that, or no text."""
    for each in options if isinstance(value, str) else ():
        if isinstance(each, inspect.EnumType) and value not in list(each.cls):
            return f"must be one of {', '.join(each.cls)}"
        if isinstance(each, inspect.StrType) and each.pattern and not _fits(value, each.pattern):
            return WORDS[each.pattern]
    return ""


def _fits(value: str, pattern: str) -> bool:
    """The `$` of a pattern lets a line end follow, where it is read by Python."""
    is_whole = not (pattern.endswith("$") and value.endswith("\n"))
    return is_whole and re.search(pattern, value) is not None


def _mismatch(value: Any, kind: Any) -> str:
    """What the library says of a value that is not of a kind, without the value; else nothing."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _SHOWN.sub("", str(error))
    return ""


def _no_zone(content: dict[str, Any]) -> Iterator[FieldError]:
    zone = content.get("time_zone")
    if isinstance(zone, str) and not is_time_zone(zone):
        yield _error(("time_zone",), f"time_zone {NO_TIME_ZONE}")


def _no_address(content: dict[str, Any], channels: Channels) -> Iterator[FieldError]:
    channel, personal = content.get("channel"), content.get("personal")
    address = personal.get("address") if isinstance(personal, dict) else None
    if channel in list(Channel) and isinstance(address, str):
        try:
            channels.point_of(Channel(channel), address)
        except Invalid as error:
            yield _error(("personal", "address"), error.detail)


def _options(kind: Any) -> tuple[inspect.Type, ...]:
    found = inspect.type_info(kind)
    return found.types if isinstance(found, inspect.UnionType) else (found,)


def _error(path: Path, detail: str) -> FieldError:
    return FieldError(place="body", pointer=pointer(*path), detail=detail)
