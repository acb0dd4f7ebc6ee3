"""When a model is looked at and retrained by the clock. Pure: no clock, no files, no model calls.

Every process that knows the rules finds the same times: the jitter is not drawn but follows from the model's name.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from pipeline.durations import HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A calendar is tried from here on: whatever ever comes, also a 29th of February, comes within eight years.
A_LEAP_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
MACROS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * sun", "@monthly": "0 0 1 * *"}
# APScheduler counts weekdays from Monday; crontab, which people know, counts them from Sunday and takes 7 as well.
CRONTAB_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
SUNDAY, LAST_DAY = 7, 6
# How far back the newest time of a calendar is searched: a day, a week, a month, four years (a 29th of February).
LOOKED_BACK = tuple(timedelta(days=days) for days in (1, 8, 32, 367, 1_470))


class Kind(StrEnum):
    """What is done by the clock: a look at a model, or the look at which its scheduled retraining is due."""

    LOOK = "look"
    RETRAINING = "retraining"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The times of one kind for one model: every so often, or by a calendar in a time zone; `jitter` after each."""

    model: str
    kind: Kind
    every: timedelta | None = None
    cron: str | None = None
    zone: str = "UTC"
    jitter: timedelta = timedelta(0)

    @property
    def name(self) -> str:
        return f"{self.model}:{self.kind}"

    @property
    def offset(self) -> timedelta:
        """The share of the jitter that is this plan's own, the same on every machine."""
        most = min(self.jitter, self.every) if self.every else self.jitter
        digest = hashlib.sha256(self.name.encode()).digest()
        return most * (int.from_bytes(digest[:4], "big") / 2**32)

    def words(self) -> str:
        if self.every is not None:
            return f"every {self.every.total_seconds() / 60:g} minutes"
        return f"{self.cron} ({self.zone})"


def next_due(plan: Plan, after: datetime) -> datetime:
    """The first time of a plan after a moment, in UTC. Raises ValueError for a calendar that never comes."""
    moment = after - plan.offset
    if plan.every is not None:
        return EPOCH + plan.every * ((moment - EPOCH) // plan.every + 1) + plan.offset
    nexts = (_next_by_calendar(trigger, moment) for trigger in _triggers(plan.cron or "", plan.zone))
    found = [following for following in nexts if following is not None]
    if not found:
        raise ValueError(f"The calendar {plan.cron!r} never comes.")
    return min(found) + plan.offset


def newest_due(plan: Plan, now: datetime) -> datetime | None:
    """The last time of a plan at or before `now`; None for a calendar that has not come for years."""
    if plan.every is not None:
        return next_due(plan, now) - plan.every
    for back in LOOKED_BACK:
        found, following = None, next_due(plan, now - back)
        while following <= now:
            found, following = following, next_due(plan, following)
        if found is not None:
            return found
    return None


def due(plan: Plan, claimed: datetime | None, now: datetime) -> datetime | None:
    """The time that is to be answered for now, if any: the newest one, however many were missed.

    `claimed` is the newest one that was answered for. A model that was never looked at is looked at now; a retraining
    that nobody has waited for yet is first due at its next time.
    """
    newest = newest_due(plan, now)
    if newest is None or (claimed is None and plan.kind is Kind.RETRAINING):
        return None
    return newest if claimed is None or newest > claimed else None


def overdue_hours(plan: Plan, since: datetime, now: datetime) -> float:
    """Hours since the first time of a plan after `since`; negative while that lies ahead."""
    return (now - next_due(plan, since)) / HOUR


def checked_calendar(cron: str, zone: str) -> None:
    """Raises ValueError that says what is wrong with a calendar or a time zone, or that it never comes."""
    next_due(Plan(model="", kind=Kind.RETRAINING, cron=cron, zone=zone), A_LEAP_YEAR)


@lru_cache(maxsize=256)
def _triggers(cron: str, zone: str) -> tuple[CronTrigger, ...]:
    """Together the times of a calendar. As in crontab, a day and a weekday that are both named mean either of them."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {zone!r}; write one like Europe/Berlin or UTC.") from None
    parts = MACROS.get(cron.strip(), cron).split()
    if len(parts) != 5:
        raise ValueError(
            f"The calendar {cron!r} has {len(parts)} parts; write five: minute hour day month weekday, such as "
            "'0 3 * * mon', or one of " + ", ".join(MACROS) + "."
        )
    minute, hour, day, month, weekday = parts
    either = not day.startswith("*") and not weekday.startswith("*")
    days = ((day, "*"), ("*", weekday)) if either else ((day, weekday),)
    try:
        return tuple(
            CronTrigger(minute=minute, hour=hour, day=one, month=month, day_of_week=_weekdays(other), timezone=place)
            for one, other in days
        )
    except ValueError as error:
        raise ValueError(f"The calendar {cron!r} cannot be read: {error}") from None


def _weekdays(field: str) -> str:
    """The names of the days that a crontab's weekdays mean: numbers from Sunday on, names, ranges and steps."""
    if field == "*":
        return field
    days = {day % len(CRONTAB_DAYS) for part in field.split(",") for day in _days(part)}
    return ",".join(CRONTAB_DAYS[day] for day in sorted(days))


def _days(part: str) -> range:
    """`*`, `a-b`, either with a step, or one day. Raises ValueError."""
    span, stepped, step = part.partition("/")
    if stepped and (not step.isdecimal() or int(step) == 0 or not (span == "*" or "-" in span)):
        raise ValueError(f"{part!r} has no step like that of */2 or 1-5/2")
    if span == "*":
        return range(0, LAST_DAY + 1, int(step or 1))
    first, ranged, last = span.partition("-")
    low = _day(first)
    high = _day(last, behind=low) if ranged else low
    if high < low:
        raise ValueError(f"{part!r} runs backwards: a week begins on Sunday (0), or ends on it (7)")
    return range(low, high + 1, int(step or 1))


def _day(text: str, behind: int = 0) -> int:
    """0 to 7 for a number or a name; the name of Sunday is the end of the week behind another day."""
    name = text.lower()
    number = CRONTAB_DAYS.index(name) if name in CRONTAB_DAYS else int(text) if text.isdecimal() else -1
    if not 0 <= number <= SUNDAY:
        raise ValueError(f"{text!r} is no weekday (0 to 7, or sun to sat)")
    return SUNDAY if name == CRONTAB_DAYS[0] and behind else number


def _next_by_calendar(trigger: CronTrigger, after: datetime) -> datetime | None:
    """The first time after a moment; of an hour that a clock runs through twice, only the first counts.

    A time that a clock jumps over in spring comes an hour later by that clock.
    """
    moment = after
    while True:
        found: datetime | None = trigger.get_next_fire_time(
            None, (moment + timedelta(microseconds=1)).astimezone(trigger.timezone)
        )
        if found is None:
            return None
        moment = found.astimezone(UTC)
        if not _second_time(moment, trigger.timezone):
            return moment


def _second_time(moment: datetime, zone: ZoneInfo) -> bool:
    return moment.astimezone(zone).fold == 1
