"""Which queue takes a contact: one rule, used by routing to decide and by intake to promise."""

from collections.abc import Iterable

from shared.contracts.routing import QueueChanged, QueueTopic

ANY = "*"


def choose_queue(
    queues: Iterable[QueueChanged], *, topic: str, language: str
) -> tuple[QueueChanged, QueueTopic] | None:
    """The queue that names the topic and speaks the language; of several, the lowest rank.

    A queue without languages speaks all. If none names the topic, the queues that take `*` are
    asked; if none speaks the language, language is no longer asked, because a contact that waits
    for a rare language is better off with somebody than with nobody. None: there are no queues.
    """
    ordered = sorted(queues, key=lambda queue: (queue.rank, queue.queue_id))
    for wanted, spoken in ((topic, language), (ANY, language), (topic, None), (ANY, None)):
        for queue in ordered:
            taken = _taken(queue, wanted)
            if taken and (spoken is None or not queue.languages or spoken in queue.languages):
                return queue, taken
    return None


def _taken(queue: QueueChanged, topic: str) -> QueueTopic | None:
    return next((taken for taken in queue.topics if taken.topic == topic), None)
