"""What a customer's link opens: the question, and the place for its answer.

A GET changes nothing, so a mail scanner that follows links answers for nobody.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.followup.application.commands.answer_check_in import AnswerCheckIn
from services.followup.application.queries.questions import Questions
from services.followup.domain.check_ins.model import (
    MAX_COMMENT,
    Answer,
    CheckIn,
    Question,
    Sent,
    Settled,
)
from services.followup.domain.wording import FALLBACK, wording
from services.followup.entrypoints.pages.question import question_page, refusal_page
from services.followup.locales import LANGUAGES
from shared.database.database import Database
from shared.http.auth import linked
from shared.kernel.errors import Failure, Missing
from shared.messaging.outbox.use_case import execute

FORM = "application/x-www-form-urlencoded"
SHOWN = frozenset({"gone", "missing", "conflict", "invalid"})
"""The kinds of failure a customer reads about on a page."""


class AnswerIn(BaseModel):
    """The customer's answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    solved: bool = Field(description="Whether the matter is really solved.")
    csat: int | None = Field(
        None, ge=1, le=5, description="Satisfaction, from 1 (very dissatisfied) to 5."
    )
    comment: str = Field("", max_length=MAX_COMMENT, pattern=r"^[^\x00]*$")

    def to_answer(self) -> Answer:
        return Answer(solved=self.solved, csat=self.csat, comment=self.comment.strip())


class AnswerOut(BaseModel):
    """An answer as it is on record."""

    solved: bool
    csat: int | None
    comment: str
    answered_at: datetime

    @classmethod
    def of(cls, check_in: CheckIn) -> Self | None:
        """None while there is no answer."""
        match check_in.state:
            case Settled(answer=Answer() as given, settled_at=answered_at):
                return cls(
                    solved=given.solved,
                    csat=given.csat,
                    comment=given.comment,
                    answered_at=answered_at,
                )
        return None


class QuestionOut(BaseModel):
    """What is asked behind a link, and the answer if there is one."""

    language: str
    question: str
    closes_at: datetime
    answer: AnswerOut | None

    @classmethod
    def of(cls, question: Question) -> Self:
        """Of a question that was sent."""
        language, words = wording(question.language or FALLBACK)
        match question.check_in.state:
            case Sent(closes_at=closes_at) | Settled(sent=Sent(closes_at=closes_at)):
                return cls(
                    language=language,
                    question=words.question,
                    closes_at=closes_at,
                    answer=AnswerOut.of(question.check_in),
                )
        raise Missing("nothing was asked")


_ANSWER = AnswerIn.model_json_schema()
_BODY: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": _ANSWER}, FORM: {"schema": _ANSWER}},
}
_PAGE: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_LINK: dict[int | str, dict[str, Any]] = {
    200: _PAGE,
    404: {"description": "The link was not signed by us", **_PAGE},
    410: {"description": "The question is closed: its time is over, or it was overtaken", **_PAGE},
}
_GIVEN: dict[int | str, dict[str, Any]] = {
    409: {"description": "Another answer is on record", **_PAGE},
    422: {"description": "The answer cannot be read", **_PAGE},
}
Token = Annotated[str, Path(description="The signed part of a link.")]


def router(database: Database, questions: Questions, answer: AnswerCheckIn) -> APIRouter:
    """The customers' routes."""
    routes = APIRouter(prefix="/v1")
    links = _Links(database, questions, answer)

    @routes.get(
        "/check-ins/{token}",
        dependencies=[linked()],
        response_model=QuestionOut,
        responses=_LINK,
    )
    async def look_at_a_question(token: Token, request: Request) -> Response:
        """What is asked, as JSON or as a page; looking changes nothing."""
        return await links.look(request, token)

    @routes.post(
        "/check-ins/{token}/answer",
        dependencies=[linked()],
        response_model=QuestionOut,
        responses=_LINK | _GIVEN,
        openapi_extra={"requestBody": _BODY},
    )
    async def answer_a_question(token: Token, request: Request) -> Response:
        """Answer once. The same answer again gives what was recorded, another one 409."""
        return await links.answer(request, token)

    return routes


class _Links:
    """What a link is good for; each call is one unit of work."""

    def __init__(self, database: Database, questions: Questions, answer: AnswerCheckIn) -> None:
        self._database, self._questions, self._answer = database, questions, answer

    async def look(self, request: Request, token: str) -> Response:
        try:
            async with self._database.connection() as tx:
                question = await self._questions.look(tx, token)
        except Failure as failure:
            return await self._refused(request, token, failure, failure.kind)
        return _shown(request, question, token)

    async def answer(self, request: Request, token: str) -> Response:
        try:
            given = (await _read(request)).to_answer()
            use_case = partial(self._answer, token=token, given=given)
            question = await execute(self._database, use_case)
        except Failure as failure:
            return await self._refused(request, token, failure, failure.kind)
        except RequestValidationError as error:
            return await self._refused(request, token, error, "invalid")
        return _shown(request, question, token)

    async def _refused(self, request: Request, token: str, error: Exception, kind: str) -> Response:
        """A page for a person; a problem document for everybody else."""
        if not _wants_page(request) or kind not in SHOWN:
            raise error
        async with self._database.connection() as tx:
            language = await self._questions.language(tx, token)
        return refusal_page(kind, language or _preferred(request))


async def _read(request: Request) -> AnswerIn:
    """The answer in a JSON body or a form; a form leaves empty what was not chosen."""
    try:
        if not request.headers.get("content-type", "").lower().startswith(FORM):
            return AnswerIn.model_validate_json(await request.body(), strict=True)
        form = await request.form(max_files=0, max_fields=10)
        return AnswerIn.model_validate({name: text for name, text in form.items() if text})
    except ValidationError as error:
        places = [{**wrong, "loc": ("body", *wrong["loc"])} for wrong in error.errors()]
        raise RequestValidationError(places) from None


def _shown(request: Request, question: Question, token: str) -> Response:
    if _wants_page(request):
        return question_page(question, action=f"{token}/answer")
    return JSONResponse(QuestionOut.of(question).model_dump(mode="json"))


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _preferred(request: Request) -> str:
    """What the browser says its person reads; for links that lead to no customer."""
    tags = request.headers.get("accept-language", "").split(",")
    return next((tag.strip()[:2] for tag in tags if tag.strip()[:2] in LANGUAGES), FALLBACK)
