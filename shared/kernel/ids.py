"""Identities: time-ordered for what we create, derived for what others name."""

from uuid import UUID, SafeUUID

import uuid_utils

# A contact takes six ids, and filling a UUID's slots takes a third of what its constructor does.
_set_int, _set_safety = vars(UUID)["int"].__set__, vars(UUID)["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown
_NAMESPACE = uuid_utils.UUID("6f2a1c1e-6b0f-5d9e-9a5b-0f7c3a2e4d11")


def new_id() -> UUID:
    """A fresh UUIDv7: unique, and close to its neighbours in an index. Its order is not relied on."""
    return _plain(uuid_utils.uuid7())


def stable_id(*parts: str) -> UUID:
    """The same parts give the same UUID, in every process and for ever (version 5)."""
    return _plain(uuid_utils.uuid5(_NAMESPACE, "\x1f".join(parts)))


def _plain(fast: uuid_utils.UUID) -> UUID:
    """The same identity in the type that everybody else knows."""
    made = object.__new__(UUID)
    _set_int(made, fast.int)
    _set_safety(made, _UNKNOWN)
    return made
