"""What the api takes and gives."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.followup.adapters.rows import from_check_in
from services.followup.domain.model import Answer, CheckIn, Contact, Sent, Settled
from services.followup.domain.wording import FALLBACK, wording
from shared.kernel.errors import Missing

LONGEST_COMMENT = 5_000


class AnswerIn(BaseModel):
    """The customer's answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    solved: bool = Field(description="Whether the matter is really solved.")
    csat: int | None = Field(
        None, ge=1, le=5, description="Satisfaction, from 1 (very dissatisfied) to 5."
    )
    comment: str = Field("", max_length=LONGEST_COMMENT, pattern=r"^[^\x00]*$")

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
    def of(cls, check_in: CheckIn, contact: Contact) -> Self:
        """Of a check-in that was sent."""
        spoken, words = wording(contact.received.language if contact.received else FALLBACK)
        match check_in.state:
            case Sent(closes_at=closes_at) | Settled(sent=Sent(closes_at=closes_at)):
                return cls(
                    language=spoken,
                    question=words.question,
                    closes_at=closes_at,
                    answer=AnswerOut.of(check_in),
                )
        raise Missing("nothing was asked")


class CheckInOut(BaseModel):
    """How a check-in stands, for an operator."""

    check_in_id: UUID
    contact_id: UUID
    resolution_id: UUID
    agent_id: str
    number: int
    state: str
    claimed_at: datetime
    due_at: datetime | None = None
    sent_at: datetime | None = None
    closes_at: datetime | None = None
    settled_at: datetime | None = None
    csat: int | None = None
    skipped_at: datetime | None = None
    skipped_reason: str | None = None
    word_owed: bool = Field(
        False, description="The customer wrote after the claim; an agent has to say what that is."
    )
    nothing_new_at: datetime | None = None
    still_open: bool = False

    @classmethod
    def of(cls, check_in: CheckIn) -> Self:
        return cls.model_validate(from_check_in(check_in))


class CheckInsOut(BaseModel):
    """The check-ins of a contact, in the order in which its resolutions were claimed."""

    check_ins: list[CheckInOut]
