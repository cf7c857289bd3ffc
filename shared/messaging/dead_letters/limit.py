"""When dead letters are no longer exceptions: then we are what is wrong, and the group is paused.

The count and the pause are a row of the group's own, so that neither a restart nor another replica
begins to count anew.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.database.database import Tx
from shared.database.rows import from_row
from shared.kernel.errors import Failure

LOAD = """
insert into dead_letter_limit as present (consumer_group, began_at)
values ($1, $2)
on conflict (consumer_group) do update set consumer_group = present.consumer_group
returning began_at, dead, sample, sample_dead, paused_because
"""
SAVE = """
update dead_letter_limit set began_at = $2, dead = $3, sample = $4, sample_dead = $5
where consumer_group = $1
"""


class TooManyDeadLetters(Failure):
    """The limit is reached: going on would put aside what we perhaps only fail to understand."""

    kind = "too_many_dead_letters"


class Paused(TooManyDeadLetters):
    """The limit was reached before, and no operator has resumed the group since."""


class Count(msgspec.Struct, frozen=True):
    """Dead letters since `began_at`, and those among the last `sample` records."""

    began_at: datetime
    dead: int = 0
    sample: int = 0
    sample_dead: float = 0.0


class Processed(NamedTuple):
    """So many good records, and after them so many dead letters."""

    good: int
    dead: int


class DeadLetterLimit(NamedTuple):
    """At most `max_count` dead letters in `window`, and at most half of the last `sample_size` records."""

    max_count: int = 100
    window: timedelta = timedelta(seconds=60)
    sample_size: int = 200

    def add(self, count: Count, new: Processed, now: datetime) -> Count:
        """The count with what is new. Raises `TooManyDeadLetters` if that is too much."""
        is_over = now - count.began_at >= self.window
        recently = new.dead + (0 if is_over else count.dead)
        if recently > self.max_count:
            raise TooManyDeadLetters(f"{recently} dead letters in {self.window.seconds} seconds")
        sample, of_them = self._slide(count.sample, count.sample_dead, new.good, 0)
        sample, of_them = self._slide(sample, of_them, new.dead, new.dead)
        if sample == self.sample_size and of_them * 2 > sample:
            raise TooManyDeadLetters(f"{of_them:.0f} of the last {sample} records are dead letters")
        return Count(now if is_over else count.began_at, recently, sample, of_them)

    def _slide(self, sample: int, dead: float, new: int, new_dead: int) -> tuple[int, float]:
        """The last `sample_size` records; of the older ones it is not known which were dead."""
        kept = min(sample, max(0, self.sample_size - new))
        share = kept / sample if sample else 0.0
        return min(kept + new, self.sample_size), dead * share + min(new_dead, self.sample_size)


async def count_dead_letters(
    tx: Tx, group: str, limit: DeadLetterLimit, new: Processed, now: datetime
) -> None:
    """Count them for the group when `tx` commits.

    Raises `TooManyDeadLetters`, as `Paused` where the group is paused already. Whoever counts waits for
    those who count for the same group, so this is the last that a transaction does.
    """
    [row] = await tx.fetch(LOAD, group, now)
    if row["paused_because"] is not None:
        raise Paused(row["paused_because"])
    after = limit.add(from_row(row, Count), new, now)
    await tx.execute(SAVE, group, after.began_at, after.dead, after.sample, after.sample_dead)
