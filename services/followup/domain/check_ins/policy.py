"""When a customer is asked, and for how long an answer counts: rules are data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from services.followup.domain.check_ins.model import Claim, Received
from shared.i18n.time_zones import time_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Asks `delay` after the claim and closes `window` after asking; a None condition applies to all."""

    delay: timedelta
    window: timedelta
    channel: str | None = None
    queue_id: str | None = None
    value_tier: str | None = None

    def applies_to(self, claim: Claim, received: Received) -> bool:
        """Whether this rule is about such a contact."""
        wanted = (self.channel, self.queue_id, self.value_tier)
        actual = (received.channel, claim.queue_id, received.value_tier)
        return all(want in (None, is_) for want, is_ in zip(wanted, actual, strict=True))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Nobody is written to from `start` until, not at, `end`; it may span midnight."""

    start: time
    end: time

    def over_at(self, moment: datetime, zone: str) -> datetime:
        """`moment` itself if it is not quiet there, else the first moment that is not; in UTC."""
        local = moment.astimezone(time_zone(zone))
        if not self._quiet(local.time()):
            return moment
        day = local.date() + timedelta(days=local.time() >= self.end)
        # Where the clock is put back, an hour passes twice: stay in the same pass.
        end = self.end.replace(fold=local.fold)
        return datetime.combine(day, end, local.tzinfo).astimezone(UTC)

    def _quiet(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Policy:
    """The first rule that applies to a contact counts; the last applies to all."""

    rules: Sequence[Rule]
    quiet_hours: QuietHours | None = None

    def due_at(self, claim: Claim, received: Received, anew_at: datetime | None = None) -> datetime:
        """When to ask: never before claim + delay, never in the customer's quiet hours.

        The delay begins anew at `anew_at`, if there is such a time.
        """
        begun_at = max(claim.claimed_at, anew_at or claim.claimed_at)
        return self.allowed_from(begun_at + self._rule(claim, received).delay, received)

    def allowed_from(self, moment: datetime, received: Received) -> datetime:
        """The first moment from `moment` on at which this customer may be written to."""
        if self.quiet_hours is None:
            return moment
        return self.quiet_hours.over_at(moment, received.time_zone)

    def closes_at(self, claim: Claim, received: Received, sent_at: datetime) -> datetime:
        """Until when an answer counts."""
        return sent_at + self._rule(claim, received).window

    def _rule(self, claim: Claim, received: Received) -> Rule:
        return next(rule for rule in self.rules if rule.applies_to(claim, received))
