"""The centre config: queues, rules, defaults, wordings and channels, ready to be asked."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from services.intake.domain.channels import Channels
from services.intake.domain.promise import PromiseRule
from services.intake.domain.topic import TopicRules
from shared.contracts.queue_choice import choose_queue
from shared.contracts.routing import QueueChanged, QueueTopic


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What is assumed of a customer of whom nothing is known."""

    language: str
    time_zones: Mapping[str, str]
    value_tier: str
    promise: PromiseRule


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """Words to a customer, and the language they are in."""

    language: str
    subject: str
    text: str


Acknowledge = Callable[[str, str, datetime, str], Wording]
"""(language, time zone, due time, customer's name) → the words of an acknowledgement."""

Choice = tuple[QueueChanged, QueueTopic] | None


class CentreConfig:
    """A snapshot: it does not change, so what it chose once it may remember."""

    def __init__(
        self,
        *,
        queues: Iterable[QueueChanged],
        rules: TopicRules,
        defaults: Defaults,
        acknowledge: Acknowledge,
        channels: Channels,
    ) -> None:
        self.queues = tuple(queues)
        self.rules = rules
        self.defaults = defaults
        self.acknowledge = acknowledge
        self.channels = channels
        self._chosen: dict[tuple[str, str], Choice] = {}

    def choose(self, topic: str, language: str) -> Choice:
        """The queue that takes the topic in this language; None: there are no queues yet."""
        asked = (topic, language)
        if asked not in self._chosen:
            self._chosen[asked] = choose_queue(self.queues, topic=topic, language=language)
        return self._chosen[asked]
