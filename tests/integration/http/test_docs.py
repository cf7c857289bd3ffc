"""`/docs` of every service: for people, without a script or another host, and each example is true."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from services.analytics.domain.figures.registry import DEFINITIONS
from shared.contracts.topics import SERVICES
from shared.http.app import App
from shared.http.auth import public
from shared.http.docs.examples import UNTOLD
from shared.http.docs.page import marked
from shared.http.docs.samples import SAMPLES
from shared.http.document import problem_like
from shared.http.problems import STATUS, problem
from tests.integration.http.serving import app_named, app_of, serving

Json = dict[str, Any]
VOID = {"meta", "link", "br", "input"}


@pytest.fixture(scope="module", params=SERVICES)
def app(request: pytest.FixtureRequest) -> App:
    return asyncio.run(app_named(request.param))


@pytest.fixture(scope="module")
def document(app: App) -> Json:
    return app.api.openapi()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def contents(operation: Json) -> Iterator[tuple[str, Json]]:
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from body.get("content", {}).items()


def check(sample: Any, schema: Mapping[str, Any], document: Json) -> None:
    """Raises `ValidationError` unless the sample fits, formats included."""
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=FORMATS).validate(sample)


FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def has_its_offset(text: object) -> bool:
    return datetime.fromisoformat(str(text)).tzinfo is not None


def test_every_request_and_every_answer_has_an_example_that_fits(document: Json) -> None:
    for method, path, operation in operations(document):
        samples = [
            (parameter["schema"], parameter["example"])
            for parameter in operation.get("parameters", ())
        ]
        for media_type, content in contents(operation):
            if media_type != "text/html":
                samples.append((content["schema"], content["example"]))
        for schema, sample in samples:
            try:
                check(sample, schema, document)
            except ValidationError as error:
                pytest.fail(f"{method} {path}: {error.json_path}: {error.message}")


def test_no_text_is_left_without_a_sample(document: Json) -> None:
    for method, path, operation in operations(document):
        samples = [parameter["example"] for parameter in operation.get("parameters", ())]
        samples += [content.get("example") for _, content in contents(operation)]
        assert UNTOLD not in repr(samples), f"{method} {path}"


def test_an_example_that_does_not_fit_is_found(document: Json) -> None:
    with pytest.raises(ValidationError):
        check({"status": "200"}, {"$ref": "#/components/schemas/Problem"}, document)


@pytest.mark.parametrize("kind", STATUS)
def test_an_exemplified_problem_looks_as_the_real_one(kind: str) -> None:
    real, shown = problem(kind), problem_like(kind)
    assert real.status == shown["status"]
    assert f'"type":"{shown["type"]}"'.encode() in real.body
    assert f'"title":"{shown["title"]}"'.encode() in real.body


def test_the_exemplified_figure_is_defined() -> None:
    (defined,) = [each for each in DEFINITIONS if each.id == SAMPLES["id"]]
    assert (defined.version, defined.title, defined.unit) == (
        SAMPLES["version"],
        SAMPLES["title"],
        SAMPLES["unit"],
    )


class Outline(HTMLParser):
    """The tags of a page, each of which is closed; what it would load, and its style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.style = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data


async def test_the_page_is_public_and_needs_nothing_but_itself(app: App) -> None:
    async with serving(app) as client:
        answer = await client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy, page = answer.headers["content-security-policy"], Outline(answer.text)
    assert not page.open
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert not page.tags & {"script", "img", "iframe", "link", "object", "form"}
    links = [value for name, value in page.attributes if name in {"href", "src", "action", "style"}]
    assert all(link == "/openapi.json" or link[1:] in page.ids for link in links), links
    assert len(page.ids) == len(set(page.ids))
    assert not any(name.startswith("on") for name, _ in page.attributes)


async def test_the_page_shows_every_route_with_its_scope_and_its_examples(
    app: App, document: Json
) -> None:
    async with serving(app) as client:
        shown = (await client.get("/docs")).text
    text = unescape(re.sub(r"<[^>]+>", "", shown))
    for method, path, operation in operations(document):
        assert f"{method} {path}" in text
        for way in operation.get("security", ()):
            assert f"Scope: {way['bearer'][0]}" in text
        for _, content in contents(operation):
            if isinstance(content.get("example"), dict):
                assert f'"{next(iter(content["example"]))}"' in text


async def test_what_every_route_is_refused_with_alike_is_shown_once_and_linked_to(
    app: App, document: Json
) -> None:
    async with serving(app) as client:
        shown = (await client.get("/docs")).text
    common = document["components"]["responses"]
    assert set(common) == set(STATUS)
    for kind, response in common.items():
        assert shown.count(f'id="problem-{kind}"') == 1
        assert shown.count(f"urn:rapport:problem:{kind}&#34;") == 1 + len(own_words(document, kind))
        assert shown.count(f'href="#problem-{kind}"') == len(referring(document, kind))
        assert response["description"] in shown
        assert response["description"] not in own_words(document, kind)
    assert len(referring(document, "overloaded")) == len(list(operations(document)))
    for words in (words for kind in STATUS for words in own_words(document, kind)):
        assert marked(words) in shown


def referring(document: Json, kind: str) -> list[str]:
    """The places that say no more of a kind than every route says."""
    reference = {"$ref": f"#/components/responses/{kind}"}
    return [
        f"{method} {path}"
        for method, path, operation in operations(document)
        if reference in operation["responses"].values()
    ]


def own_words(document: Json, kind: str) -> list[str]:
    """What routes say of a kind in words of their own."""
    return [
        response["description"]
        for _, _, operation in operations(document)
        for status, response in operation["responses"].items()
        if status == str(STATUS[kind]) and "$ref" not in response
    ]


def test_the_document_names_the_limit_of_a_body(document: Json) -> None:
    described = document["components"]["responses"]["too-large"]["description"]
    assert described == "The request is too large: a body has at most 1 MiB"


async def test_a_page_whose_document_has_hostile_words_shows_them_as_words(tmp_path: Path) -> None:
    routes = APIRouter(prefix="/v1")

    @routes.get("/x", dependencies=[public()], description="<script>alert(1)</script>")
    async def hostile() -> None: ...

    async with serving(app_of(tmp_path, [routes])) as client:
        shown = (await client.get("/docs")).text
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
