"""Webhooks: providers that call us with what came in, a route for each channel that has one."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from services.intake.adapters.channels.port import WebhookChannel
from services.intake.application.submission import Submission
from services.intake.entrypoints.api.base import PUBLISH
from shared.contracts.values import Channel
from shared.http.auth import require
from shared.kernel.clock import Clock
from shared.observability import tracing

STORED = 204


def webhook_routes(
    webhooks: Mapping[Channel, WebhookChannel], submission: Submission, clock: Clock
) -> APIRouter:
    """What providers call; they send again what did not get 204."""
    routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    for channel, webhook in webhooks.items():
        _add(routes, channel, webhook, submission, clock)
    return routes


def _add(
    routes: APIRouter,
    channel: Channel,
    webhook: WebhookChannel,
    submission: Submission,
    clock: Clock,
) -> None:
    async def receive(request: Request) -> None:
        """204 means that the message is committed, and the customer has our promise."""
        arrival = webhook.read(await request.body(), clock.now(), tracing.current())
        await submission.submit(arrival)

    routes.add_api_route(
        f"/{channel}",
        receive,
        methods=["POST"],
        name=f"receive_from_{channel}",
        dependencies=[require(PUBLISH)],
        status_code=STORED,
        responses={422: {"description": "This is no message as the provider sends it."}},
    )
