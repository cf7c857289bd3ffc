"""The story that the page `/docs` of analytics tells: what is counted, and how."""

from typing import Final

from shared.http.docs.page import Step

WALK: Final = (
    Step("GET", "/v1/definitions", "Which figures there are, and what each of them says."),
    Step(
        "GET",
        "/v1/figures",
        "Some or all of them, by hour, by day or in total, of a queue or a channel.",
    ),
)
