"""Events that other systems publish to us."""

from shared.contracts import topics
from shared.contracts.event import Event, event
from shared.contracts.values import (
    Channel,
    Language,
    Line,
    Name,
    Need,
    Personal,
    Priority,
    Slug,
    Text,
    TimeZone,
)


class SubmittedPersonal(Personal, frozen=True, kw_only=True):
    """Personal data of a submitted contact. `address` is an e-mail address, phone number or handle."""

    address: Line
    text: Text
    name: Name = ""
    subject: Line = ""


@event("rapport.contact.submitted.v1", topics.INBOX, subject="reference")
class ContactSubmitted(Event, frozen=True, kw_only=True):
    """Another system hands us a customer's need. `reference` is the publisher's own id for it.

    What is left out is found out: language from the text, time zone from the language, topic and
    need from the rules of the centre.
    """

    reference: Line
    channel: Channel
    personal: SubmittedPersonal
    topic: Slug | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None
    priority: Priority = 5
    need: Need | None = None
