"""The AsyncAPI 3.0 document: topics as channels, events as messages, services as operations."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts import topics
from shared.contracts.cloudevents import MAX_ATTRIBUTE, Outgoing, encode, numbered, source_of
from shared.contracts.event import Event, card_of
from shared.contracts.record import CONTENT_TYPE, PREFIX
from shared.contracts.topics import OUTSIDE, Topic
from tools.contracts.schemas import components, example_of

Document = dict[str, Any]

VERSION = "1.0.0"
BINDING = "0.5.0"
HOUR_MS = 3_600_000
SCHEMAS = "#/components/schemas"
EVENT_ID = UUID("019ac3f0-5d21-7c08-b0a4-3f2e1d0c9b8a")
TIME = datetime(2026, 11, 24, 17, 42, 10, tzinfo=UTC)
MEDIA_TYPE = "application/cloudevents+json"
BINARY = ".binary"
"""What the name of a message ends with whose attributes are headers."""
TEXT: Document = {"type": "string", "minLength": 1, "maxLength": MAX_ATTRIBUTE}
HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binding, structured mode: this header and no other.",
    "required": [CONTENT_TYPE],
    "properties": {CONTENT_TYPE: {"type": "string", "pattern": f"^{re.escape(MEDIA_TYPE)}"}},
}
ATTRIBUTES: Document = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": TEXT | {"description": "With source the identity: the same pair is the same event."},
    "source": TEXT | {"description": "Who publishes it, such as rapport/intake."},
    "type": {"type": "string", "description": "The event and its major version."},
    "subject": TEXT | {"description": "The aggregate it is about."},
    "partitionkey": {"type": "string", "description": "The Kafka key."},
    "time": {"type": "string", "format": "date-time", "description": "When it happened."},
    "seq": {
        "type": "integer",
        "minimum": 0,
        "description": "Rises by one per aggregate and publisher.",
    },
    "causationid": {"type": "string", "description": "The event that this one answers."},
    "traceparent": {"type": "string", "description": "W3C trace context."},
    "tracestate": {"type": "string", "description": "W3C trace context."},
}
REQUIRED = ["specversion", "id", "source", "type"]
ENVELOPE: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, JSON format: the attributes, and the payload under data.",
    "required": [*REQUIRED, "data"],
    "properties": ATTRIBUTES
    | {"data": {"type": "object", "description": "The payload, one schema per type."}},
}
BINARY_HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binding, binary mode: the attributes as headers.",
    "required": [PREFIX + name for name in REQUIRED],
    "properties": {CONTENT_TYPE: {"type": "string", "description": "That of the payload: JSON."}}
    | {PREFIX + name: schema for name, schema in ATTRIBUTES.items()}
    | {f"{PREFIX}seq": {"type": "string", "pattern": "^[0-9]{1,19}$"}},
}
ENVELOPES: Document = {
    "CloudEvent": ENVELOPE,
    "CloudEventHeaders": HEADERS,
    "CloudEventBinaryHeaders": BINARY_HEADERS,
}


def document(events: dict[str, type[Event]]) -> Document:
    """The whole platform as one AsyncAPI document, complete in itself."""
    schemas = components(list(events.values()), f"{SCHEMAS}/{{name}}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rapport",
            "version": VERSION,
            "description": "What the services of a multichannel contact centre tell each other.",
        },
        "defaultContentType": MEDIA_TYPE,
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic, events) for topic in topics.ALL},
        "operations": _operations(),
        "components": {
            "schemas": ENVELOPES | dict(sorted(schemas.items())),
            "messages": _messages(events) | {"dead-letter": _dead_letter()},
        },
    }


def events_on(topic: Topic, events: dict[str, type[Event]]) -> dict[str, type[Event]]:
    """The events that are published to a topic, by type."""
    return {type_: payload for type_, payload in events.items() if card_of(payload).topic == topic}


def _server() -> Document:
    address = {"default": "localhost:9092", "description": "host:port of any broker."}
    return {"host": "{bootstrap}", "protocol": "kafka", "variables": {"bootstrap": address}}


def _channel(topic: Topic, events: dict[str, type[Event]]) -> Document:
    names = list(_messages(events_on(topic, events))) or ["dead-letter"]
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": _topic_binding(topic)},
        "x-key": topic.key,
        "x-producers": list(topic.producers),
        "x-consumers": list(topic.consumers),
    }


def _topic_binding(topic: Topic) -> Document:
    settings: Document = {"max.message.bytes": topic.max_message_bytes}
    if topic.retention_hours is None:
        settings["cleanup.policy"] = ["compact"]
    else:
        settings |= {"cleanup.policy": ["delete"], "retention.ms": topic.retention_hours * HOUR_MS}
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "topicConfiguration": settings,
        "bindingVersion": BINDING,
    }


def _operations() -> Document:
    published = ((topic, service, "send") for topic in topics.ALL for service in topic.producers)
    consumed = ((topic, service, "receive") for topic in topics.ALL for service in topic.consumers)
    return {
        f"{service}.{action}.{topic.name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "summary": f"{service} {action}s on {topic.name}",
        }
        for topic, service, action in sorted(
            (*published, *consumed), key=lambda one: (one[1], one[2])
        )
        if service in topics.SERVICES
    }


def _messages(events: dict[str, type[Event]]) -> Document:
    """Every event as its topic carries it: we write structured mode, from others we read both."""
    found = {}
    for type_, payload in events.items():
        found[type_] = _structured(type_, payload)
        if OUTSIDE in card_of(payload).topic.producers:
            found[type_ + BINARY] = _binary(type_, payload)
    return found


def _structured(type_: str, payload: type[Event]) -> Document:
    own = {"type": {"const": type_}, "data": {"$ref": f"{SCHEMAS}/{payload.__name__}"}}
    return _message(type_, payload) | {
        "contentType": MEDIA_TYPE,
        "headers": {"$ref": f"{SCHEMAS}/CloudEventHeaders"},
        "payload": {
            "allOf": [{"$ref": f"{SCHEMAS}/CloudEvent"}, {"type": "object", "properties": own}]
        },
        "examples": [{"name": "one", "payload": _whole(type_, payload)}],
    }


def _binary(type_: str, payload: type[Event]) -> Document:
    """The attributes are headers, as text, and the value is the payload alone."""
    own = {"type": "object", "properties": {f"{PREFIX}type": {"const": type_}}}
    attributes = _whole(type_, payload)
    data = attributes.pop("data")
    headers = {PREFIX + name: str(content) for name, content in attributes.items()}
    return _message(type_, payload) | {
        "title": f"{payload.__name__}, binary mode",
        "contentType": "application/json",
        "headers": {"allOf": [{"$ref": f"{SCHEMAS}/CloudEventBinaryHeaders"}, own]},
        "payload": {"$ref": f"{SCHEMAS}/{payload.__name__}"},
        "examples": [{"name": "one", "headers": headers, "payload": data}],
    }


def _message(type_: str, payload: type[Event]) -> Document:
    topic = card_of(payload).topic
    return {
        "name": type_,
        "title": payload.__name__,
        "summary": (payload.__doc__ or "").split("\n")[0],
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": BINDING}},
    }


def _whole(type_: str, payload: type[Event]) -> Document:
    """The example of a payload as it stands on its topic."""
    publisher = card_of(payload).topic.producers[0]
    source = source_of(publisher) if publisher in topics.SERVICES else "example/shop"
    event = Outgoing(msgspec.convert(example_of(type_), payload), id=EVENT_ID)
    whole: Document = msgspec.json.decode(numbered(encode(event, source, TIME).value, 1))
    return whole


def _key(topic: Topic) -> Document:
    return {"type": "string", "description": topic.key}


def _dead_letter() -> Document:
    return {
        "name": "dead-letter",
        "title": "Dead letter",
        "summary": "A record as it came, byte for byte, with the reason and its origin as headers;"
        " between them, notes of replays: no value, and the letter's origin as `rapport-replay-of`.",
        "contentType": "application/octet-stream",
        "payload": {"description": "Whatever it was."},
    }
