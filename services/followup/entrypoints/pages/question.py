"""The page behind a check-in link: plain HTML in the customer's language, no script, no other host."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fastapi.responses import HTMLResponse

from services.followup.domain.check_ins.model import MAX_COMMENT, Answer, Question, Sent, Settled
from services.followup.domain.wording import FALLBACK, hello, until, wording
from services.followup.locales import LANGUAGES
from shared.http.page import PageTemplate
from shared.http.problems import STATUS

_PAGE: Final = PageTemplate(Path(__file__).parent / "templates", "question")


def question_page(question: Question, action: str) -> HTMLResponse:
    """The form; or, once it was answered, what was answered. `action` is where answers go."""
    received, state = question.contact.received, question.check_in.state
    language, words = wording(question.language or FALLBACK)
    greeting = hello(words, question.name)
    match state:
        case Settled(answer=Answer(solved=solved) as given):
            noted = words.noted_solved if solved else words.noted_unsolved
            return _page(language, words.thanks, (greeting, noted), answer=given)
        case Sent(closes_at=closes_at) if received:
            deadline = until(words, language, closes_at, received.time_zone)
            return _page(language, words.question, (greeting, deadline), action=action)
    return refusal_page("gone", language)


def refusal_page(kind: str, language: str) -> HTMLResponse:
    """Why there is nothing to answer here, in words that help."""
    shown_in, words = wording(language)
    title, hint = {
        "gone": (words.closed, words.closed_hint),
        "missing": (words.unknown, words.unknown_hint),
        "conflict": (words.other_answer, words.other_answer_hint),
        "invalid": (words.unreadable, words.unreadable_hint),
    }[kind]
    return _page(shown_in, title, (hint,), status=STATUS[kind])


def _page(
    language: str,
    title: str,
    paragraphs: Sequence[str],
    *,
    action: str = "",
    answer: Answer | None = None,
    status: int = 200,
) -> HTMLResponse:
    shown = {
        "language": language,
        "words": LANGUAGES[language],
        "title": title,
        "paragraphs": paragraphs,
        "action": action,
        "answer": answer,
        "max_comment": MAX_COMMENT,
    }
    return _PAGE.response(shown, status, {"vary": "accept"})
