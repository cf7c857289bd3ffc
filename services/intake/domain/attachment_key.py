"""Under which key an attachment is stored: its contact, then what is in it."""

import re
from uuid import UUID

_KEY = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/[0-9a-f]{64}")


def key_of(contact_id: UUID, digest: bytes) -> str:
    """The key of a content in a contact; the same file twice in one contact is one object."""
    return f"{contact_id}/{digest.hex()}"


def contact_of(key: str) -> UUID | None:
    """The contact whose attachment has this key; None for what is none of ours."""
    found = _KEY.fullmatch(key)
    return UUID(found.group(1)) if found else None
