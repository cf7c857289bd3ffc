"""Which sentences every language has. Placeholders: {name}, {closes}."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Everything followup writes to a customer; a missing sentence is an error at import."""

    greeting: str
    greeting_unnamed: str
    question: str
    asked: str
    if_not: str
    until: str
    thanks: str
    yes: str
    no: str
    satisfaction: str
    scores: tuple[str, str, str, str, str]
    comment: str
    noted_solved: str
    noted_unsolved: str
    your_answer: str
    closed: str
    closed_hint: str
    unknown: str
    unknown_hint: str
    other_answer: str
    other_answer_hint: str
    unreadable: str
    unreadable_hint: str
