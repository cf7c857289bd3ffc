"""Identities: time-ordered for what we create, derived for what others name."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

_NAMESPACE = UUID("6f2a1c1e-6b0f-5d9e-9a5b-0f7c3a2e4d11")


def new_id() -> UUID:
    """A fresh UUIDv7: unique, and close to its neighbours in an index. Its order is not relied on."""
    return uuid7()


def stable_id(*parts: str) -> UUID:
    """The same parts give the same UUID, in every process and for ever (version 5)."""
    return uuid5(_NAMESPACE, "\x1f".join(parts))
