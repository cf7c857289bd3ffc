"""W3C trace context (level 1) as it travels: what may be continued, and in which form. Pure.

A context that breaks a rule is never a reason to refuse what came with it: then a new trace begins.
Source: https://www.w3.org/TR/trace-context-1/.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import msgspec

BLANK: Final = " \t"
MAX_MEMBERS, MAX_STATE, MAX_MEMBER = 32, 512, 128
MAX_READ: Final = 8_192
"""Characters of a `tracestate` beyond which it is not even looked at."""

_PARENT: Final = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<ids>(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?",
    re.DOTALL,
)
_MEMBER: Final = re.compile(
    r"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)


class TraceContext(msgspec.Struct, frozen=True):
    """A context that can be continued: `parent` in the form of version 00, `state` perhaps empty.

    Whoever makes one has made sure of it: `read_trace` for what comes from outside, `tracing` for ours.
    """

    parent: str
    state: str = ""


def read_trace(parents: Sequence[str], states: Sequence[str] = ()) -> TraceContext | None:
    """The context in the values of all `traceparent` and `tracestate` headers, in their order.

    None where there is no parent, more than one, or one that breaks the rules. Whatever is wrong with
    the state costs the state alone.
    """
    found = _PARENT.fullmatch(parents[0].strip(BLANK)) if len(parents) == 1 else None
    if found is None or (found["more"] is not None and found["version"] == "00"):
        return None
    sampled = int(found["flags"], 16) & 1
    return TraceContext(f"00-{found['ids']}-{sampled:02x}", _state(states) if states else "")


def _state(values: Sequence[str]) -> str:
    """The members of all the headers as one list, shortened if it is long; empty if one is wrong."""
    if sum(map(len, values)) > MAX_READ:
        return ""
    members = [stripped for one in ",".join(values).split(",") if (stripped := one.strip(BLANK))]
    keys = {member.partition("=")[0] for member in members}
    if len(members) > MAX_MEMBERS or len(keys) < len(members):
        return ""
    return _shortened(members) if all(map(_MEMBER.fullmatch, members)) else ""


def _shortened(members: Sequence[str]) -> str:
    """Whole members go: first those that are long, then the last, as the standard asks."""
    if len(whole := ",".join(members)) <= MAX_STATE:
        return whole
    short = [member for member in members if len(member) <= MAX_MEMBER]
    ends = accumulate(len(member) + 1 for member in short)
    return ",".join(member for member, end in zip(short, ends, strict=True) if end <= MAX_STATE + 1)
