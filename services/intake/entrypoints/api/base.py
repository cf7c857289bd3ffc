"""What the routes of intake share: scopes, and the form of responses."""

from pydantic import BaseModel, ConfigDict

PUBLISH, ADMIN = "contacts.write", "intake.admin"
"""Scopes: of publishers of contacts, and of operators."""


class Out(BaseModel):
    """A response."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
