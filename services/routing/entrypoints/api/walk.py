"""The story that routing's page `/docs` tells: a desk from the first sign-in to the end of wrap-up."""

from typing import Final

from shared.http.docs.page import Step

WALK: Final = (
    Step("PUT", "/v1/queues/{queue_id}", "An administrator makes a queue for a topic."),
    Step(
        "PUT",
        "/v1/agents/{agent_id}",
        "And an agent who speaks its languages, has its skills, and may refund as much as it takes.",
    ),
    Step(
        "PUT",
        "/v1/desk/presence",
        "The agent signs in. From here on the token's `sub` is the agent's id: a desk is its caller's.",
    ),
    Step(
        "GET",
        "/v1/desk/events",
        "The desk is shown at once and whenever it changes, for as long as the connection is held. A"
        " contact that is offered stands under `offers`.",
    ),
    Step(
        "POST",
        "/v1/offers/{offer_id}/accept",
        "The agent takes it before `expires_at`; from then on nobody else can.",
    ),
    Step(
        "GET",
        "/v1/contacts/{contact_id}",
        "All that is known: what the customer wrote, what was promised, who worked on it before.",
    ),
    Step(
        "POST",
        "/v1/contacts/{contact_id}/actions",
        "The agent refunds on their own authority. More than it allows is refused, with the limit.",
    ),
    Step("POST", "/v1/contacts/{contact_id}/replies", "And tells the customer."),
    Step(
        "POST",
        "/v1/contacts/{contact_id}/resolve",
        "The agent claims that it is resolved. Later the customer is asked whether it is.",
    ),
    Step(
        "POST",
        "/v1/contacts/{contact_id}/wrap-up",
        "Notes are written, and the agent is free for the next contact.",
    ),
    Step("GET", "/v1/desk", "The desk is empty again."),
)
