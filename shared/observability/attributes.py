"""Every attribute of a span, each with a sentence: what is not here is not recorded."""

from shared.observability.kinds import Attribute

HTTP_METHOD = Attribute("method", "http.request.method", "GET, POST and so on.")
HTTP_ROUTE = Attribute("route", "http.route", "The route's template, never the path itself.")
HTTP_STATUS = Attribute("status", "http.response.status_code", "The answer's status.")
ERROR_TYPE = Attribute("error", "error.type", "The class of the failure, without its text.")
TOPIC = Attribute("topic", "messaging.destination.name", "The Kafka topic.")
BATCH_COUNT = Attribute("count", "messaging.batch.message_count", "How many records.")
EVENT_TYPE = Attribute("type", "cloudevents.event_type", "The event's type.")
EVENT_ID = Attribute("event_id", "cloudevents.event_id", "The event's id.")
CHANNEL = Attribute("channel", "rapport.channel", "The channel's kind, such as email.")
CONTACT = Attribute("contact_id", "rapport.contact.id", "The contact.")
TIMER_KIND = Attribute("timer", "rapport.timer", "Which timer, as its metric's label says.")
OUTCOME = Attribute(
    "outcome", "rapport.outcome", "What became of it: delivered, refused or putoff."
)

ATTRIBUTES = tuple(value for value in tuple(vars().values()) if isinstance(value, Attribute))
