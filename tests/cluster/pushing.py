"""What drives a cluster's autoscalers: records that wait, and an api that is kept busy."""

import asyncio
import threading
import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from docs.examples.publish_contact import record
from tests.cluster.callers import ADA, WORDS

MANY = 6_000
CALLERS = 6


async def publish_many(bootstrap: str) -> None:
    """So many contacts at once that whoever consumes them falls behind."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20)
    await producer.start()
    try:
        sent = [await producer.send("rapport.inbox", *_contact()) for _ in range(MANY)]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def _contact() -> tuple[bytes, bytes, None, None, list[tuple[str, bytes]]]:
    """Of somebody who rang: nothing is written to a telephone."""
    need = Namespace(
        source="drill", reference=str(uuid4()), key=None, channel="phone", topic=WORDS.topic,
        language="en", address="+44 20 7946 0958", name=ADA.name, subject="", text=WORDS.text,
    )  # fmt: skip
    key, value, headers = record(need)
    return value, key, None, None, headers


@contextmanager
def busy(address: str) -> Iterator[None]:
    """Callers who ask for the page of an api again and again, each with a new connection."""
    stop = threading.Event()
    threads = [threading.Thread(target=_ask, args=(address, stop)) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _ask(address: str, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/openapi.json", timeout=5).read()
