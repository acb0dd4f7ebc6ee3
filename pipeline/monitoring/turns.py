"""When the windows of a champion begin, and when one by time ends. Pure: no clock, no files, no model calls."""

from datetime import datetime, timedelta


def bound_by_clock(at: datetime, now: datetime) -> datetime | None:
    """The time from which on something counts that began at `at`; None for a time that has not come yet.

    It was written by a clock that was ahead, so it says nothing: until it has come, nothing would count.
    """
    return at if at <= now else None


def turn_after(at: datetime, *, promoted_at: datetime, hours: float) -> datetime:
    """The first turn after that time; turns are every so many hours from the promotion on.

    Raises ValueError for hours that are not positive.
    """
    if hours <= 0:
        raise ValueError(f"A window by time needs more than {hours} hours; set window_hours to at least a few minutes.")
    step = timedelta(hours=hours)
    return promoted_at + (max(at - promoted_at, timedelta()) // step + 1) * step
