"""The log of records that were put aside: a line for each, with where it stands and why it is not processed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.messaging.dead_letters.letter import DeadLetter
from shared.observability.logging import get_logger

MAX_LINES = 20
WINDOW = timedelta(seconds=60)

log = get_logger(__name__)


class AsideLog:
    """Every dead letter has its line, for a limit keeps them few. Strangers may send any number of
    records to the quarantine: of those so many a minute have a line, and one more says so."""

    def __init__(self, max_lines: int = MAX_LINES) -> None:
        self._max_lines = max_lines
        self._began = datetime.min.replace(tzinfo=UTC)
        self._quarantined = 0

    def dead(self, letters: Sequence[DeadLetter]) -> None:
        """They became dead letters."""
        for letter in letters:
            log.error("dead letter", **_about(letter))

    def quarantined(self, letters: Sequence[DeadLetter], now: datetime) -> None:
        """They went into quarantine, where an operator finds each of them, with or without a line."""
        if now - self._began >= WINDOW:
            self._began, self._quarantined = now, 0
        before, self._quarantined = self._quarantined, self._quarantined + len(letters)
        for letter in letters[: max(0, self._max_lines - before)]:
            log.info("quarantined", **_about(letter))
        if before <= self._max_lines < self._quarantined:
            log.info("more is quarantined than has a line", seconds=WINDOW.seconds)


def _about(letter: DeadLetter) -> dict[str, str | int]:
    place = letter.origin
    return {
        "reason": letter.reason,
        "detail": letter.detail,
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
    }
