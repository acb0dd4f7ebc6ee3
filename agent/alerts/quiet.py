"""Quiet hours: when only what is critical goes out. Pure: no clock, no files, no model calls."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """From `start` until `end` each day, past midnight where the end is earlier, by the clock of `zone`."""

    start: time
    end: time
    zone: ZoneInfo

    def holds(self, at: datetime) -> bool:
        here = at.astimezone(self.zone).time().replace(tzinfo=None)
        if self.start <= self.end:
            return self.start <= here < self.end
        return here >= self.start or here < self.end


def quiet_hours(text: str, zone: str) -> QuietHours:
    """Of a text such as 22:00-07:00. Raises ValueError that says how to write it."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("Write quiet hours like 22:00-07:00.")
    first, second, third, fourth = (int(part) for part in found.groups())
    start, end = time(first, second), time(third, fourth)
    if start == end:
        raise ValueError("Quiet hours that begin and end at the same minute never end; leave them out or shorten them.")
    try:
        return QuietHours(start=start, end=end, zone=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"There is no time zone {zone!r} here; write one like UTC or Europe/Vienna.") from None
