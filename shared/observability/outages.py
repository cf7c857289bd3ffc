"""Outages in the log: one line when one begins, one a minute while it lasts, one when it is over.

Every part of a process meets the same outage by itself, and again at each try. The process says it once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from shared.kernel.errors import Failure, Unavailable
from shared.observability.logging import get_logger

REMIND_SECONDS = 60.0

log = get_logger(__name__)


@dataclass(slots=True)
class _Outage:
    """What is away since when, and which parts wait for it."""

    since: float
    said: float
    parts: set[str] = field(default_factory=set)


class Outages:
    """Those that a process is in, by what is away: the word before the colon of a failure's detail."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._going_on: dict[str, _Outage] = {}

    def met(self, part: str, error: Failure) -> None:
        """A part cannot go on because of this. It waits for one thing at a time."""
        cause, now = error.detail.partition(":")[0], self._now()
        self.left(part, but=cause)
        outage = self._going_on.get(cause)
        if outage is None:
            self._going_on[cause] = _Outage(now, now, {part})
            log.warning("an outage begins", of=cause, part=part, reason=error.detail)
            return
        outage.parts.add(part)
        if now - outage.said >= REMIND_SECONDS:
            outage.said = now
            waiting = ", ".join(sorted(outage.parts))
            log.warning(
                "an outage goes on", of=cause, seconds=round(now - outage.since), parts=waiting
            )

    def left(self, part: str, but: str = "") -> None:
        """The part is at work again, at least as far as all causes but this one go."""
        for cause, outage in [*self._going_on.items()]:
            if cause != but and part in outage.parts:
                outage.parts.remove(part)
                if not outage.parts:
                    del self._going_on[cause]
                    seconds = round(self._now() - outage.since)
                    log.info("an outage is over", of=cause, seconds=seconds)


_OF_THIS_PROCESS = Outages()


class Trouble:
    """What keeps one part of a process from its work, if anything does."""

    def __init__(self, part: str, starting: str = "", outages: Outages = _OF_THIS_PROCESS) -> None:
        """`starting`: why it is not at work yet, which is no outage."""
        self._part, self._outages = part, outages
        self._why = starting

    def met(self, error: Failure) -> None:
        """It has to wait."""
        self._why = error.detail
        self._outages.met(self._part, error)

    def over(self) -> None:
        """It works."""
        if self._why:
            self._why = ""
            self._outages.left(self._part)

    async def check(self) -> None:
        """Raises `Unavailable` with what keeps it from its work."""
        if self._why:
            raise Unavailable(self._why)
