"""The contact as a pydantic model, and the two tables of those servers that store it."""

from typing import Literal

from pydantic import BaseModel, Field

TABLES = """
create table contact (
  contact_id uuid primary key, reference text not null, channel text not null,
  priority smallint not null, address text not null, document jsonb not null,
  received_at timestamptz not null default now()
);
create table outbox (
  position bigint generated always as identity primary key,
  key text not null, value bytea not null
);
"""


class Need(BaseModel):
    """What solving it takes."""

    kind: Literal["refund", "credit", "replacement", "exception"]
    amount: int = Field(ge=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Personal(BaseModel):
    """Who writes, and what."""

    address: str = Field(max_length=998)
    text: str = Field(max_length=100_000)
    name: str = Field("", max_length=200)
    subject: str = Field("", max_length=998)


class Contact(BaseModel):
    """What is handed in."""

    reference: str = Field(max_length=998)
    channel: Literal["phone", "email", "chat", "sms", "whatsapp", "social", "web", "api"]
    personal: Personal
    topic: str | None = Field(None, max_length=64)
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}$")
    time_zone: str | None = Field(None, max_length=64)
    priority: int = Field(5, ge=1, le=9)
    need: Need | None = None


class Accepted(BaseModel):
    """The body of the response."""

    contact_id: str
    status: str = "accepted"
