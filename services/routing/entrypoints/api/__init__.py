"""The api: one module per resource, each with its routes and its schemas."""

from fastapi import APIRouter

from services.routing.entrypoints.api.agents import agent_routes
from services.routing.entrypoints.api.commands import Commands
from services.routing.entrypoints.api.contact_history import contact_history_routes
from services.routing.entrypoints.api.contacts import contact_routes
from services.routing.entrypoints.api.desk import desk_routes
from services.routing.entrypoints.api.offers import offer_routes
from services.routing.entrypoints.api.queues import queue_routes
from services.routing.settings import Settings
from shared.jobs.signals import Signals


def routers(commands: Commands, listener: Signals, settings: Settings) -> list[APIRouter]:
    """Every route of the service."""
    return [
        queue_routes(commands),
        agent_routes(commands),
        desk_routes(commands, listener),
        offer_routes(commands, settings),
        contact_history_routes(commands),
        contact_routes(commands, settings),
    ]
