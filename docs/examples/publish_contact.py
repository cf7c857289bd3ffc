"""Hands a customer's need to Rapport over Kafka. Copy and adapt: it needs aiokafka and nothing else."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError


def record(need: argparse.Namespace) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers: a CloudEvent in structured mode. The key is never personal data."""
    personal = {name: getattr(need, name) for name in ("address", "text", "name", "subject")}
    data = {"reference": need.reference, "channel": need.channel, "personal": personal}
    data |= {"topic": need.topic, "language": need.language}  # null: Rapport finds out
    event = {
        "specversion": "1.0",
        "type": "rapport.contact.submitted.v1",
        "source": need.source,
        "id": need.reference,
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    }
    structured = ("content-type", b"application/cloudevents+json; charset=UTF-8")
    return (need.key or need.reference).encode(), json.dumps(event).encode(), [structured]


async def publish(bootstrap: str, need: argparse.Namespace) -> None:
    """Returns when every in-sync replica has it; raises KafkaError otherwise."""
    key, value, headers = record(need)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        await producer.start()
        await producer.send_and_wait("rapport.inbox", value, key=key, headers=headers)
    finally:
        await producer.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="localhost:9092", help="host:port of a broker")
    parser.add_argument("--source", default="example/shop", help="who you are, the same for ever")
    parser.add_argument(
        "--reference",
        required=True,
        help="your own id, here also that of the event: published twice, one contact",
    )
    parser.add_argument("--key", help="one per customer, keeps their contacts in order")
    parser.add_argument("--channel", default="api", help="web, chat, phone, ... (default: api)")
    parser.add_argument("--address", required=True, help="e-mail address, phone number or handle")
    parser.add_argument("--name", default="", help="of the customer")
    parser.add_argument("--subject", default="", help="subject line, if there is one")
    parser.add_argument("--text", required=True, help="what the customer wrote")
    parser.add_argument("--topic", help="what it is about, such as billing")
    parser.add_argument("--language", help="such as de, te or mn")
    options = parser.parse_args()
    try:
        asyncio.run(publish(options.bootstrap, options))
    except KafkaError as error:
        sys.exit(f"Not published to {options.bootstrap}: {error}")
    print(f"Published {options.reference}")
