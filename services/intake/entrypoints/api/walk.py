"""The story that intake's page `/docs` tells: a contact from another system's hands to its promise."""

from typing import Final

from shared.http.docs.page import Step

WALK: Final = (
    Step(
        "GET",
        "/v1/waits",
        "How long each matter waits now: a site may say so before anybody writes.",
    ),
    Step(
        "POST",
        "/v1/contacts",
        "Hand in a customer's need. 202 means that it is committed; the promise says by when a person"
        " replies.",
    ),
    Step(
        "GET",
        "/v1/contacts/{contact_id}",
        "What was written and answered since, whether each message arrived, whether the promise was kept.",
    ),
    Step(
        "GET",
        "/v1/tally",
        "Nothing is lost: received is stored, quarantined and deduplicated together.",
    ),
)
