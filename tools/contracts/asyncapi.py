"""The AsyncAPI 3.0 document: topics as channels, events as messages, services as operations."""

from typing import Any

from shared.contracts import topics
from shared.contracts.event import Event, card_of
from shared.contracts.topics import Topic
from tools.contracts.schemas import components, example_of

Document = dict[str, Any]

VERSION = "1.0.0"
BINDING = "0.5.0"
HOUR_MS = 3_600_000
SCHEMAS = "#/components/schemas"
HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binding, binary mode; the values are UTF-8 text.",
    "required": ["content-type", "ce_specversion", "ce_id", "ce_source", "ce_type"],
    "properties": {
        "content-type": {"type": "string", "pattern": "^application/json"},
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {
            "type": "string",
            "description": "With ce_source the identity: the same pair is the same event.",
        },
        "ce_source": {"type": "string", "description": "Who says it, such as rapport/intake."},
        "ce_type": {"type": "string", "description": "The event and its major version."},
        "ce_subject": {"type": "string", "description": "The aggregate it is about."},
        "ce_partitionkey": {"type": "string", "description": "The Kafka key."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened."},
        "ce_seq": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Rises by one per aggregate and publisher.",
        },
        "ce_causationid": {"type": "string", "description": "The event that this one answers."},
        "ce_traceparent": {"type": "string", "description": "W3C trace context."},
        "ce_tracestate": {"type": "string", "description": "W3C trace context."},
    },
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
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic, events) for topic in topics.ALL},
        "operations": _operations(),
        "components": {
            "schemas": {"CloudEventHeaders": HEADERS} | dict(sorted(schemas.items())),
            "messages": {type_: _message(type_, payload) for type_, payload in events.items()}
            | {"dead-letter": _dead_letter()},
        },
    }


def events_on(topic: Topic, events: dict[str, type[Event]]) -> dict[str, type[Event]]:
    """The events that are published to a topic, by type."""
    return {type_: payload for type_, payload in events.items() if card_of(payload).topic == topic}


def _server() -> Document:
    address = {"default": "localhost:9092", "description": "host:port of any broker."}
    return {"host": "{bootstrap}", "protocol": "kafka", "variables": {"bootstrap": address}}


def _channel(topic: Topic, events: dict[str, type[Event]]) -> Document:
    names = list(events_on(topic, events)) or ["dead-letter"]
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


def _message(type_: str, payload: type[Event]) -> Document:
    topic = card_of(payload).topic
    own_type = {"type": "object", "properties": {"ce_type": {"const": type_}}}
    return {
        "name": type_,
        "title": payload.__name__,
        "summary": (payload.__doc__ or "").split("\n")[0],
        "contentType": "application/json",
        "headers": {"allOf": [{"$ref": f"{SCHEMAS}/CloudEventHeaders"}, own_type]},
        "payload": {"$ref": f"{SCHEMAS}/{payload.__name__}"},
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": BINDING}},
        "examples": [{"name": "one", "payload": example_of(type_)}],
    }


def _key(topic: Topic) -> Document:
    return {"type": "string", "description": topic.key}


def _dead_letter() -> Document:
    return {
        "name": "dead-letter",
        "title": "Dead letter",
        "summary": "A record as it came, byte for byte, with the reason and its origin as headers.",
        "contentType": "application/octet-stream",
        "payload": {"description": "Whatever it was."},
    }
