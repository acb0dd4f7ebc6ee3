"""Spans of time and the units they are counted in. Pure: no clock, no files, no model calls."""

from datetime import datetime, timedelta

HOURS_PER_DAY = 24.0
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def hours_between(earlier: datetime, later: datetime) -> float:
    """Never negative: two machines' clocks may differ by a little."""
    return max((later - earlier) / HOUR, 0.0)
