"""Speaking to the run's broker beside the code under test."""

from deploy.local.parts import Broker
from shared.settings import KafkaSettings


def settings_of(broker: Broker) -> KafkaSettings:
    """Settings for a broker of the tests; impatient, so that a death is noticed in seconds."""
    return KafkaSettings(
        bootstrap=broker.bootstrap,
        client_id="tests",
        idempotent=broker.idempotent,
        session_timeout_ms=6_000,
        heartbeat_interval_ms=500,
        request_timeout_ms=5_000,
    )
