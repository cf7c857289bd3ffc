"""The story that followup's page `/docs` tells: whether it is really solved."""

from typing import Final

from shared.http.docs.page import Step

WALK: Final = (
    Step(
        "GET",
        "/v1/check-ins",
        "Of each claimed resolution: when its customer is asked, and what became of it.",
    ),
    Step(
        "GET",
        "/v1/check-ins/{token}",
        "What the link in the customer's message opens; a browser is shown a page.",
    ),
    Step(
        "POST",
        "/v1/check-ins/{token}/answer",
        "The customer's answer. Yes confirms the resolution, no opens the contact again.",
    ),
)
