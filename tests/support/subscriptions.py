"""What each service consumes, as its code says."""

from collections.abc import Sequence
from importlib import import_module
from inspect import signature
from unittest.mock import MagicMock

from shared.messaging.consumer.subscription import Subscription


def subscriptions_of(service: str) -> Sequence[Subscription]:
    """The service's subscriptions; what their handlers are wired to plays no part here."""
    consumer = import_module(f"services.{service}.entrypoints.consumer")
    if hasattr(consumer, "SUBSCRIPTIONS"):
        return tuple(consumer.SUBSCRIPTIONS)
    wires = [MagicMock() for _ in signature(consumer.subscriptions).parameters]
    return tuple(consumer.subscriptions(*wires))
