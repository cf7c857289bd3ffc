"""Which queue takes a new contact, and the rule in words."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.contracts.queue_choice import ANY, choose_queue
from shared.contracts.routing import QueueChanged, QueueTopic


class Selection(NamedTuple):
    """A queue, its topic that takes the contact, and why in words for people."""

    queue: QueueChanged
    topic: QueueTopic
    rule: str


def select_queue(queues: Iterable[QueueChanged], *, topic: str, language: str) -> Selection | None:
    """The queue for contacts of this topic and language; None if there is no queue."""
    choice = choose_queue(queues, topic=topic, language=language)
    return choice and Selection(*choice, _in_words(*choice, language))


def _in_words(queue: QueueChanged, topic: QueueTopic, language: str) -> str:
    takes = "any topic" if topic.topic == ANY else f"topic {topic.topic}"
    is_spoken = not queue.languages or language in queue.languages
    spoken = language if is_spoken else f"though nobody has a queue for {language}"
    return f"{queue.queue_id} takes {takes}, {spoken}"
