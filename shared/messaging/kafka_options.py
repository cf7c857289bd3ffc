"""What the Kafka client is told: our settings in its words."""

import ssl
from typing import Any

from shared.contracts.topics import Topic
from shared.kernel.errors import Unavailable
from shared.settings import KafkaSettings

MAX_BATCH, MAX_REQUEST, HOUR_MS = 1_048_576, 4_194_304, 3_600_000
METADATA_MS = 30_000
"""So long a consumer may not know of a new partition, and what stands in it waits."""
FETCH_WAIT_MS = 250
"""So long the broker keeps a fetch while there is nothing to answer it with."""


class Password:
    """What a client was given: it keeps that, and hides that the broker refuses it. So it is given up in time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._secret = settings.sasl_password
        self._given = self._now()

    def check(self) -> None:
        """Raises `Unavailable` once it has been replaced: a new client gets the new one."""
        if self._now() != self._given:
            raise Unavailable("broker: our password was replaced")

    def _now(self) -> str | None:
        return self._secret.get_secret_value() if self._secret else None


def kept(topic: Topic, settings: KafkaSettings) -> dict[str, str]:
    """How the broker keeps the records of a topic: in how many copies, how long, and how large they may be."""
    limits = {
        "min.insync.replicas": str(settings.min_insync_replicas),
        "max.message.bytes": str(topic.max_message_bytes),
    }
    if topic.retention_hours is None:
        return limits | {"cleanup.policy": "compact"}
    return limits | {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_hours * HOUR_MS),
    }


def producing(settings: KafkaSettings) -> dict[str, Any]:
    """A producer whose batches we make ourselves."""
    return connecting(settings) | {
        "acks": "all",
        "enable_idempotence": settings.idempotent,
        "compression_type": None if settings.compression == "none" else settings.compression,
        "linger_ms": 0,
        "max_batch_size": MAX_BATCH,
        "max_request_size": MAX_REQUEST,
    }


def consuming(settings: KafkaSettings, group: str, member: int, gather_ms: int) -> dict[str, Any]:
    """A member of a group. For `gather_ms` the broker gathers records, unless there are very many."""
    stable = settings.group_instance_id
    return connecting(settings) | {
        "group_id": group,
        "group_instance_id": f"{stable}.{group}.{member}" if stable else None,
        "enable_auto_commit": False,
        "session_timeout_ms": settings.session_timeout_ms,
        "heartbeat_interval_ms": settings.heartbeat_interval_ms,
        "rebalance_timeout_ms": max(30_000, settings.session_timeout_ms),
        "fetch_max_wait_ms": gather_ms or FETCH_WAIT_MS,
        "metadata_max_age_ms": METADATA_MS,
        "fetch_min_bytes": 1_048_576 if gather_ms else 1,
        "fetch_max_bytes": 4_194_304,
        "max_partition_fetch_bytes": 524_288,
    }


def connecting(settings: KafkaSettings) -> dict[str, Any]:
    """Where the broker is, and who we are.

    The client itself closes a connection on which a request stays unanswered for `request_timeout_ms`: a broker
    that vanished is noticed without keepalive.
    """
    password = settings.sasl_password
    return {
        "bootstrap_servers": settings.bootstrap.split(","),
        "client_id": settings.client_id,
        "request_timeout_ms": settings.request_timeout_ms,
        "security_protocol": settings.security_protocol,
        "ssl_context": _ssl(settings),
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": password.get_secret_value() if password else None,
    }


def _ssl(settings: KafkaSettings) -> ssl.SSLContext | None:
    if not settings.security_protocol.endswith("SSL"):
        return None
    context = ssl.create_default_context(cafile=settings.ssl_cafile)
    if settings.ssl_certfile:
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile)
    return context
