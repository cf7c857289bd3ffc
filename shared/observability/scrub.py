"""What must not leave the process in a log line: addresses, numbers, names, texts, secrets."""

import re
from collections.abc import Mapping
from typing import Final

WITHHELD: Final = "[withheld]"
PERSONAL: Final = {
    *("address", "addresses", "body", "comment", "display_name", "email", "name", "phone"),
    *("recipient", "sender", "subject", "text"),
    *("authorization", "dsn", "password", "token"),
}
_LOOKS: Final = re.compile(
    r"""
      (?P<keep>
          \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b   # an id
        | \b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?      # a time
        | \b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b                         # a host
      )
    | (?P<email>[^\s@<>"'(),:;\[\]]{1,256}@[^\s@<>"'(),:;\[\]]{1,256})
    | (?P<phone>
          (?<![\w.]) \+ \s? \d (?: [\s().\-/]{0,2} \d ){6,16} (?!\w)    # international
        | (?<![\w.:\-+]) 0 \d (?: [\s()\-/]{0,2} \d ){5,14} (?![\w.:])   # national
        | (?<![\w.:\-+]) \(?\d{3}\)? [\s.\-] \d{3} [\s.\-] \d{4} (?![\w\-])
        | (?<![\w.:\-+]) \d{10,15} (?![\w.\-])                         # bare, as some channels have it
      )
    """,
    re.VERBOSE,
)


def scrubbed(value: object) -> object:
    """The same value, with what looks like an e-mail address or a phone number replaced."""
    if isinstance(value, str):
        return _LOOKS.sub(_replace, value)
    if isinstance(value, Mapping):
        return scrubbed_fields(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [scrubbed(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return scrubbed(str(value))


def scrubbed_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """As `scrubbed`, and fields whose very name says that they are personal or secret withheld."""
    return {
        str(key): WITHHELD if str(key).lower() in PERSONAL else scrubbed(value)
        for key, value in fields.items()
    }


def _replace(found: re.Match[str]) -> str:
    return found[0] if found.lastgroup == "keep" else f"[{found.lastgroup}]"
