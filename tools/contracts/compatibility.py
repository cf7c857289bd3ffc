"""Whether a schema may replace another of the same version: what would break, field by field.

Two readers must be served. A new reader meets old events (replays, late outbox rows), so what was
allowed stays allowed. An old reader meets new events (a rollout takes time), so what was promised
stays promised. Widening (another enum value, a higher limit) is allowed; readers go first.
"""

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
FIXED = ("format", "const", "multipleOf", "default")
WALKED = ("$ref", "type", "anyOf", "enum", "pattern", "required", "x-personal")
PARTS = ("properties", "items", "additionalProperties")
SAID = ("$schema", "$id", "$defs", "$comment", "title", "description", "examples")
UNDERSTOOD = frozenset(LOWER + UPPER + FIXED + WALKED + PARTS + SAID)


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What breaks a reader when `new` replaces `old`: one line each; empty when nothing does."""
    return list(_Comparison(old, new).differences(old, new, "$"))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()

    def differences(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        if _kinds(self._old, old) != _kinds(self._new, new):
            yield f"{at}: the type changed"
            return
        for compare in (_limits, _values, _marks, _required, _unknown):
            yield from compare(old, new, at)
        yield from self._parts(old, new, at)

    def _parts(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        had, has = old.get("properties", {}), new.get("properties", {})
        for field in had:
            if field in has:
                yield from self.differences(had[field], has[field], f"{at}.{field}")
            else:
                yield f"{at}.{field}: the field was removed"
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            yield from self._inner(old.get(keyword), new.get(keyword), at + mark)
        yield from self._branches(old, new, at)

    def _inner(self, old: Any, new: Any, at: str) -> Iterator[str]:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.differences(old, new, at)
        elif new is not None and new is not True and old != new:
            yield f"{at}: what it may hold was narrowed"

    def _branches(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        by_kind = {_kinds(self._new, branch): branch for branch in new.get("anyOf", [])}
        for branch in old.get("anyOf", []):
            yield from self.differences(branch, by_kind[_kinds(self._old, branch)], at)


def _limits(old: Schema, new: Schema, at: str) -> Iterator[str]:
    tighter: list[tuple[tuple[str, ...], Callable[[Any, Any], bool]]] = [
        (LOWER, lambda was, now: now > was),
        (UPPER, lambda was, now: now < was),
    ]
    for keywords, is_tighter in tighter:
        for keyword in keywords:
            was, now = old.get(keyword), new.get(keyword)
            if now is not None and (was is None or is_tighter(was, now)):
                yield f"{at}: {keyword} was tightened from {was} to {now}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{at}: the pattern changed"


def _values(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "enum" in old and "enum" in new:
        for value in old["enum"]:
            if value not in new["enum"]:
                yield f"{at}: the value {value!r} was removed"
    for keyword in FIXED:
        if (keyword in old, old.get(keyword)) != (keyword in new, new.get(keyword)):
            yield f"{at}: {keyword} changed"


def _marks(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if old.get("x-personal") and not new.get("x-personal"):
        yield f"{at}: personal data lost its mark"


def _required(old: Schema, new: Schema, at: str) -> Iterator[str]:
    had, has = set(old.get("required", [])), set(new.get("required", []))
    for field in sorted(has - had):
        yield f"{at}.{field}: the field is newly required"
    for field in sorted(had - has):
        yield f"{at}.{field}: the field is no longer required"


def _unknown(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for keyword in sorted((old.keys() | new.keys()) - UNDERSTOOD):
        if old.get(keyword) != new.get(keyword):
            yield f"{at}: {keyword} changed, and what that breaks is not known here"


def _resolved(root: Schema, schema: Schema) -> Schema:
    """The schema itself: behind its reference, with what stands beside the reference kept."""
    if "$ref" not in schema:
        return schema
    target = root
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**_resolved(root, target), **{k: v for k, v in schema.items() if k != "$ref"}}


def _kinds(root: Schema, schema: Schema) -> frozenset[str]:
    """What JSON it may be: `string`, `object`, `null`, … and `enum`, which is a kind of its own."""
    schema = _resolved(root, schema)
    if "anyOf" in schema:
        return frozenset().union(*(_kinds(root, branch) for branch in schema["anyOf"]))
    if "enum" in schema:
        return frozenset({"enum"})
    named = schema.get("type", "any")
    return frozenset([named] if isinstance(named, str) else named)
