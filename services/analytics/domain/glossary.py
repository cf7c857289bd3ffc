"""The definitions as a page to read."""

from collections.abc import Iterable, Iterator

from services.analytics.domain.definitions import DEFINITIONS, Definition


def page(definitions: Iterable[Definition] = DEFINITIONS) -> str:
    """The page, in Markdown."""
    return "\n".join(_lines(definitions)) + "\n"


def _lines(definitions: Iterable[Definition]) -> Iterator[str]:
    yield "# Definitions"
    yield ""
    yield "Made by `python -m tools.generate`. Each figure of `GET /v1/figures` names its"
    yield "definition, its version and `n`, the number of things it rests on; where n is 0 the values are"
    yield "null. A contact counts in the hour it was received and in the first queue it waited in; until"
    yield "it is queued it stands under the queue `-`."
    for definition in definitions:
        yield from _entry(definition)


def _entry(definition: Definition) -> Iterator[str]:
    yield ""
    yield f"## {definition.title}"
    yield ""
    yield definition.sentence
    yield ""
    yield f"- **Id, version**: `{definition.id}`, {definition.version}"
    yield f"- **Formula**: {definition.formula}"
    yield f"- **Unit**: {definition.unit}"
    yield f"- **Filters**: {definition.filters}"
    yield f"- **Clock**: {definition.clock}"
