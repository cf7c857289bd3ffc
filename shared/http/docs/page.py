"""`/docs`: the OpenAPI document as a page for people, rendered here, without a script.

Who tries an API reads what to send, what comes back and how it is refused, each with an example; and
before all that the steps of one whole story, as commands to copy.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup, escape

from shared.http.docs.examples import Schemas
from shared.http.docs.fields import Field, field_of, fields
from shared.http.page import PageTemplate
from shared.http.problems import STATUS

JSON: Final = "application/json"
COMMON: Final = "#/components/responses/"
"""Before the kind of a problem: where the document has what every route says alike."""
FORM: Final = "application/x-www-form-urlencoded"
LINE: Final = 80
"""Characters; a longer body is written on several lines."""
_MARK: Final = re.compile(r"`([^`]+)`")
PAGE: Final = PageTemplate(Path(__file__).parent / "templates", "docs")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story: what is done there, and why it comes now."""

    method: str
    path: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is sent or comes back in one media type; `example` is what it looks like."""

    media_type: str
    example: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that an operation is answered with."""

    status: int
    reason: str
    description: str
    contents: Sequence[Content]


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal that says the same on every route, so that the page shows it once."""

    kind: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Documented:
    """One operation, as it is shown; `answers` are those with words of their own."""

    anchor: str
    tag: str
    method: str
    path: str
    title: str
    paragraphs: Sequence[str]
    scope: str
    command: str
    parameters: Sequence[tuple[str, Field]]
    bodies: Sequence[Content]
    answers: Sequence[Answer]
    problems: Sequence[Problem]


def shown(document: Mapping[str, Any], service: str, walk: Sequence[Step]) -> dict[str, Any]:
    """What the page shows of a document. Raises `KeyError` for a step that is no operation."""
    problems = _problems(document)
    operations = {
        (each.method, each.path): each for each in _operations(document, service, problems)
    }
    return {
        "title": document["info"]["title"],
        "marked": marked,
        "service": service.upper(),
        "walk": [(step.sentence, operations[step.method, step.path]) for step in walk],
        "operations": operations.values(),
        "problems": problems.values(),
    }


def _problems(document: Mapping[str, Any]) -> dict[str, Problem]:
    """What routes refer to, by the reference."""
    components = document["components"]
    return {
        f"{COMMON}{kind}": Problem(kind, _answer(STATUS[kind], response, components["schemas"]))
        for kind, response in components["responses"].items()
    }


def _operations(
    document: Mapping[str, Any], service: str, problems: Mapping[str, Problem]
) -> Iterator[Documented]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            responses = operation["responses"].values()
            common = [problems[each["$ref"]] for each in responses if "$ref" in each]
            yield _documented((method.upper(), path), operation, schemas, service, common)


def _documented(
    place: tuple[str, str],
    operation: Mapping[str, Any],
    schemas: Schemas,
    service: str,
    problems: Sequence[Problem],
) -> Documented:
    method, path = place
    tag, *_ = operation.get("tags", [service])
    return Documented(
        anchor=f"{method.lower()}-{path.strip('/').replace('/', '-')}",
        tag=tag,
        method=method,
        path=path,
        title=operation.get("summary", "").capitalize(),
        paragraphs=operation.get("description", "").split("\n\n"),
        scope=_scope(operation),
        command=command(method, path, operation, service),
        parameters=[_parameter(each, schemas) for each in operation.get("parameters", ())],
        bodies=_contents(operation.get("requestBody", {}), schemas),
        answers=[
            _answer(int(status), each, schemas)
            for status, each in operation["responses"].items()
            if "$ref" not in each
        ],
        problems=problems,
    )


def command(method: str, path: str, operation: Mapping[str, Any], service: str) -> str:
    """A line for a shell in which the service's name holds its address, and `TOKEN` a token."""
    parameters = operation.get("parameters", ())
    filled = {each["name"]: each["example"] for each in parameters if each["in"] == "path"}
    asked = [
        (each["name"], each["example"])
        for each in parameters
        if each["in"] == "query" and each.get("required")
    ]
    address = path.format_map(filled) + ("?" if asked else "") + urlencode(asked)
    parts = [
        f'curl -s{"N" if _is_stream(operation) else ""} -X {method} "${service.upper()}{address}"'
    ]
    if _scope(operation):
        parts.append('-H "Authorization: Bearer $TOKEN"')
    parts += [
        f'-H "{each["name"]}: {each["example"]}"' for each in parameters if each["in"] == "header"
    ]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body:
        parts += [f'-H "Content-Type: {JSON}"', f"-d {shlex.quote(_sent(body['example']))}"]
    return " \\\n  ".join(parts).replace("-X GET ", "")


def _sent(sample: Any) -> str:
    line = json.dumps(sample, ensure_ascii=False)
    return line if len(line) <= LINE else json.dumps(sample, ensure_ascii=False, indent=2)


def _is_stream(operation: Mapping[str, Any]) -> bool:
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


def marked(text: str) -> Markup:
    """The text, escaped, with what stands between backticks as code."""
    return Markup(_MARK.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def written(media_type: str, sample: Any) -> str:
    """An example as it travels; nothing where there is none."""
    if sample is None or isinstance(sample, str):
        return sample or ""
    if media_type == FORM:
        return urlencode(
            {name: json.dumps(part) if part is True else part for name, part in sample.items()}
        )
    return json.dumps(sample, indent=2, ensure_ascii=False)


def _scope(operation: Mapping[str, Any]) -> str:
    """The scope that it takes; empty where it is public."""
    return "".join(scope for way in operation.get("security", ()) for [scope] in way.values())


def _parameter(parameter: Mapping[str, Any], schemas: Schemas) -> tuple[str, Field]:
    schema = parameter["schema"] | {"description": parameter.get("description", "")}
    needed = parameter.get("required", False)
    return parameter["in"], field_of(parameter["name"], schema, schemas, needed=needed)


def _answer(status: int, response: Mapping[str, Any], schemas: Schemas) -> Answer:
    reason = HTTPStatus(status).phrase
    description = response["description"]
    plain = "" if description == "Successful Response" else description
    return Answer(status, reason, plain, _contents(response, schemas))


def _contents(body: Mapping[str, Any], schemas: Schemas) -> list[Content]:
    return [
        Content(media_type, written(media_type, content.get("example")), _fields(content, schemas))
        for media_type, content in body.get("content", {}).items()
    ]


def _fields(content: Mapping[str, Any], schemas: Schemas) -> list[Field]:
    schema = content.get("schema", {})
    is_problem = schema.get("$ref", "").endswith("/Problem")  # told once, at the end of the page
    return [] if is_problem else fields(schema, schemas)
