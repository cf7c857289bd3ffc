"""A Kafka client of any kind: started in good time, closed in any state, and what it raises in our words.

The client hides outages: reading returns nothing, committing and idempotent sending wait for ever. Or it stumbles
over one, such as over a connection it has forgotten: whatever it raises, the broker is out of reach.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from shared.kernel.errors import Failure, Unavailable
from shared.messaging.kafka_options import connecting
from shared.observability.logging import get_logger
from shared.settings import KafkaSettings

STARTING_SECONDS, CLOSING_SECONDS = 30.0, 5.0
# What an outage is called: by the client, by the system, and by the event loop.
OUTAGES = (KafkaError, OSError, RuntimeError)
# What the broker says of one topic alone, and repeats until somebody changes the topic or our rights.
REFUSALS: dict[type[BaseException], str] = {
    UnknownTopicOrPartitionError: "it does not exist",
    InvalidTopicError: "nobody may write to it",
    TopicAuthorizationFailedError: "we may not write to it",
    MessageSizeTooLargeError: "a record is larger than it takes",
    RecordListTooLargeError: "a batch is larger than it takes",
    PolicyViolationError: "a record is against its policy",
}

log = get_logger(__name__)


class TopicRefused(Unavailable):
    """The broker is there, but takes nothing for this topic; of other topics that says nothing."""


@asynccontextmanager
async def reaching_broker(seconds: float | None = None) -> AsyncIterator[None]:
    """Inside, whatever a client raises is `Unavailable`, and so is what takes longer than this."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except Failure:
        raise
    except tuple(REFUSALS) as error:
        raise TopicRefused(REFUSALS[type(error)]) from error
    except Exception as error:
        if not isinstance(error, OUTAGES):
            log.warning("the Kafka client stumbled", exc_info=error)
        raise Unavailable(f"broker: {type(error).__name__}") from error


@asynccontextmanager
async def administering(
    settings: KafkaSettings, seconds: float | None = None
) -> AsyncIterator[Any]:
    """A client for administration; inside, whatever fails or takes longer than this is `Unavailable`."""
    client = AIOKafkaAdminClient(**connecting(settings))
    try:
        async with reaching_broker(seconds):
            await _start(client, settings)
            yield client
    finally:
        await close_client(client)


async def start_client(client: Any, settings: KafkaSettings) -> None:
    """Start it in good time, or leave nothing of it behind. Raises `Unavailable`."""
    try:
        await _start(client, settings)
    except BaseException:
        await close_client(client)
        raise


async def close_client(client: Any) -> None:
    """Say goodbye, but do not wait for ever: a broker that is away does not answer. Hang up always."""
    try:
        async with reaching_broker(CLOSING_SECONDS):
            await _to_the_end(client)
    except Unavailable as error:
        log.info("a Kafka client did not close", reason=error.detail)
    finally:  # nothing happens to connections that are closed
        with suppress(Unavailable):
            async with reaching_broker():
                await (getattr(client, "_client", None) or client.client).close()


async def _to_the_end(client: Any) -> None:
    """A producer may cancel its own sender over what is on its way: that is no cancellation of ours."""
    is_admin = isinstance(client, AIOKafkaAdminClient)
    closing = asyncio.ensure_future(client.close() if is_admin else client.stop())
    try:
        await asyncio.wait({closing})
    finally:
        closing.cancel()
    if not closing.cancelled():
        closing.result()


async def _start(client: Any, settings: KafkaSettings) -> None:
    try:
        async with reaching_broker(STARTING_SECONDS):
            await client.start()
    except Unavailable:
        if settings.sasl_password:
            await _check_login(settings)
        raise


async def _check_login(settings: KafkaSettings) -> None:
    """Raises `Unavailable` if it is our name or password that a broker refuses: the client does not say why it did not start."""
    options = connecting(settings)
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, **options)
        except SaslAuthenticationFailed as error:
            raise Unavailable("broker: it refuses our user name or password") from error
        except (*OUTAGES, TimeoutError):
            continue
        connection.close()
