"""Which query parameters a route takes: those of its documentation. Any other is refused by its name.

A misspelt one that is passed over would get an answer to a question that nobody asked.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from starlette.datastructures import QueryParams

from shared.http import problems
from shared.http.problems import FieldError
from shared.http.response import HttpResponse

NONE: Final[frozenset[str]] = frozenset()


def documented(operation: Mapping[str, Any]) -> frozenset[str]:
    """The query parameters of an OpenAPI operation."""
    given = operation.get("parameters", ())
    return frozenset(each["name"] for each in given if each["in"] == "query")


def taken(dependant: Dependant | None) -> frozenset[str]:
    """The query parameters that a route of FastAPI's takes, by itself or through what it depends on."""
    if dependant is None:
        return NONE
    own = frozenset(field.alias for field in dependant.query_params)
    return own.union(*map(taken, dependant.dependencies))


def refusal(known: frozenset[str], query: bytes) -> HttpResponse | None:
    """422 for a parameter that is not among these; None where there is nothing to refuse."""
    if not query:
        return None
    unknown = sorted(set(QueryParams(query)) - known)
    if not unknown:
        return None
    there = f"only {', '.join(sorted(known))}" if known else "no parameters"
    wrong = [
        FieldError(
            place="query", pointer=problems.pointer(name), detail=f"this route takes {there}"
        )
        for name in unknown
    ]
    detail = "there is no such parameter: " + ", ".join(unknown)
    return problems.problem("invalid", detail, errors=wrong)
