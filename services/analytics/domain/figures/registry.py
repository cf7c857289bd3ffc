"""All figures, theme by theme: the order of the page and of every answer."""

from collections.abc import Collection

from services.analytics.domain.figures import (
    arrivals,
    authority,
    promises,
    replies,
    resolutions,
    satisfaction,
    waiting,
)
from services.analytics.domain.figures.definition import Definition
from shared.kernel.errors import Invalid

THEMES = (arrivals, waiting, resolutions, promises, authority, satisfaction, replies)
DEFINITIONS: tuple[Definition, ...] = tuple(
    definition for theme in THEMES for definition in theme.DEFINITIONS
)
MEASURES = tuple({definition.measure.id: definition.measure for definition in DEFINITIONS}.values())


def definitions_of(ids: Collection[str]) -> tuple[Definition, ...]:
    """The definitions with these ids, all if none is named. Raises `Invalid` for an unknown id."""
    if unknown := set(ids) - {definition.id for definition in DEFINITIONS}:
        named = " or ".join(sorted(unknown))
        raise Invalid(f"there is no figure {named}: see /v1/definitions")
    return tuple(definition for definition in DEFINITIONS if not ids or definition.id in ids)
