"""The consumer: records in, one transaction per batch, offsets a moment later."""

from shared.messaging.subscription import Handle, OnDeadLetter, Subscription

__all__ = ["Handle", "OnDeadLetter", "Subscription"]
