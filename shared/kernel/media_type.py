"""A media type as it is compared: without parameters, and without regard to case."""

from functools import lru_cache


@lru_cache(maxsize=256)
def media_type(content_type: bytes) -> str:
    """The media type in a `content-type` header; empty if there is none."""
    return content_type.partition(b";")[0].strip().lower().decode("latin-1")
