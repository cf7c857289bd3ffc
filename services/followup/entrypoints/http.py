"""The routes: what a customer's link opens, and what an operator may ask.

A GET changes nothing, so a mail scanner that follows links answers for nobody.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.followup.adapters import store
from services.followup.adapters.store import Asked
from services.followup.application.answering import Answering
from services.followup.domain.languages import LANGUAGES
from services.followup.domain.wording import FALLBACK
from services.followup.entrypoints.pages import question_page, refusal_page
from services.followup.entrypoints.schemas import AnswerIn, CheckInOut, CheckInsOut, QuestionOut
from shared.database.database import Database
from shared.http.auth import public, require
from shared.kernel.errors import Failure

FORM = "application/x-www-form-urlencoded"
SHOWN = frozenset({"gone", "missing", "conflict", "invalid"})
"""The kinds of failure a customer is told about on a page."""

_ANSWER = AnswerIn.model_json_schema()
_BODY: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": _ANSWER}, FORM: {"schema": _ANSWER}},
}
_PAGE: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_LINK: dict[int | str, dict[str, Any]] = {200: _PAGE, 410: {"description": "It is over", **_PAGE}}
Token = Annotated[str, Path(description="The signed part of a link.")]


def router(database: Database, answering: Answering) -> APIRouter:
    """All routes of followup."""
    routes = APIRouter(prefix="/v1")
    links = _Links(database, answering)

    @routes.get("/check-ins", dependencies=[require("followup.admin")])
    async def check_ins_of_a_contact(contact_id: UUID) -> CheckInsOut:
        """How the check-ins of a contact stand; empty if nothing was ever claimed."""
        async with database.connection() as tx:
            found = await store.of_contact(tx, contact_id)
        return CheckInsOut(check_ins=[CheckInOut.of(check_in) for check_in in found])

    @routes.get(
        "/check-ins/{token}",
        dependencies=[public()],
        response_model=QuestionOut,
        responses=_LINK,
    )
    async def look_at_a_question(token: Token, request: Request) -> Response:
        """What is asked, as JSON or as a page; looking changes nothing."""
        return await links.look(request, token)

    @routes.post(
        "/check-ins/{token}/answer",
        dependencies=[public()],
        response_model=QuestionOut,
        responses=_LINK,
        openapi_extra={"requestBody": _BODY},
    )
    async def answer_a_question(token: Token, request: Request) -> Response:
        """Answer once. The same answer again gives what was recorded, another one 409."""
        return await links.answer(request, token)

    return routes


class _Links:
    """What a link is good for; each call is one unit of work."""

    def __init__(self, database: Database, answering: Answering) -> None:
        self._database, self._answering = database, answering

    async def look(self, request: Request, token: str) -> Response:
        try:
            async with self._database.connection() as tx:
                asked = await self._answering.look(tx, token)
        except Failure as failure:
            return await self._refused(request, token, failure, failure.kind)
        return _shown(request, asked, token)

    async def answer(self, request: Request, token: str) -> Response:
        try:
            given = (await _read(request)).to_answer()
            async with self._database.transaction() as tx:
                asked = await self._answering.answer(tx, token, given)
        except Failure as failure:
            return await self._refused(request, token, failure, failure.kind)
        except RequestValidationError as error:
            return await self._refused(request, token, error, "invalid")
        return _shown(request, asked, token)

    async def _refused(self, request: Request, token: str, error: Exception, kind: str) -> Response:
        """A page for a person; a problem document for everybody else."""
        if not _wants_page(request) or kind not in SHOWN:
            raise error
        async with self._database.connection() as tx:
            language = await self._answering.language(tx, token)
        return refusal_page(kind, language or _preferred(request))


async def _read(request: Request) -> AnswerIn:
    """The answer in a JSON body or a form; a form leaves empty what was not chosen."""
    try:
        if not request.headers.get("content-type", "").startswith(FORM):
            return AnswerIn.model_validate_json(await request.body(), strict=True)
        form = await request.form(max_files=0, max_fields=10)
        return AnswerIn.model_validate({name: text for name, text in form.items() if text})
    except ValidationError as error:
        places = [{**wrong, "loc": ("body", *wrong["loc"])} for wrong in error.errors()]
        raise RequestValidationError(places) from None


def _shown(request: Request, asked: Asked, token: str) -> Response:
    if _wants_page(request):
        return question_page(asked, action=f"{token}/answer")
    return JSONResponse(QuestionOut.of(asked.check_in, asked.contact).model_dump(mode="json"))


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _preferred(request: Request) -> str:
    """What the browser says its person reads; for links that tell us of no customer."""
    tags = request.headers.get("accept-language", "").split(",")
    return next((tag.strip()[:2] for tag in tags if tag.strip()[:2] in LANGUAGES), FALLBACK)
