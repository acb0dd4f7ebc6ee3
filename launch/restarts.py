"""When a process that ended is started again. Pure: no clock, no files, no model calls.

It is never given up: what it needs, such as a full disk or a database that is away, may come back at any hour.
"""

from dataclasses import dataclass, replace

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# A process that ran for so long was well: its next end is counted as its first.
STEADY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a process has fared: when it was started last, its ends in a row, and when it is started again."""

    started_at: float
    ends: int = 0
    again_at: float | None = None


def ended(record: Record, now: float) -> Record:
    """The record of a process that is found dead at `now` (seconds of any steady clock)."""
    ends = 1 if now - record.started_at >= STEADY_SECONDS else record.ends + 1
    return replace(record, ends=ends, again_at=now + pause_seconds(ends))


def started(record: Record, now: float) -> Record:
    return replace(record, started_at=now, again_at=None)


def pause_seconds(ends: int) -> float:
    """1, 2, 4 seconds and so on, at most a minute."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(ends - 1, 10)))
