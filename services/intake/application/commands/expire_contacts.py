"""Contacts to which nothing has happened for long are deleted, and the last event about each says so."""

from datetime import datetime, timedelta

from services.intake.adapters.db import quiet_contacts
from services.intake.domain.expiry import expire
from shared.contracts.cloudevents import Outgoing
from shared.contracts.intake import ContactExpired
from shared.database.database import Tx, once_committed
from shared.messaging.consumer import expired_contacts
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics

TABLE = "contact"


async def expire_contacts(tx: Tx, now: datetime, period: timedelta, limit: int) -> Result[int]:
    """Look at up to `limit` contacts that may have expired, and delete those that have; how many were looked at.

    What is added to one of them at the same time is either seen, or opens a new contact.
    """
    locked = await quiet_contacts.lock(tx, now - period, limit)
    if not locked:
        return Result(0)
    gone, kept = expire(await quiet_contacts.activity(tx, locked), now, period)
    await quiet_contacts.keep(tx, kept)
    await quiet_contacts.delete(tx, gone)
    await expired_contacts.record(tx, gone)
    once_committed(metrics.retention_deleted.labels(TABLE).inc, len(gone))
    events = [ContactExpired(contact_id=contact_id, expired_at=now) for contact_id in gone]
    return Result(len(locked), [Outgoing(event) for event in events])


async def watch_expiry(tx: Tx, now: datetime) -> Result[None]:
    """How long nothing has happened to the contact that is next to expire; the metric shows it."""
    oldest = await quiet_contacts.oldest(tx)
    age = (now - oldest).total_seconds() if oldest else 0.0
    once_committed(metrics.retention_oldest.labels(TABLE).set, age)
    return Result(None)
