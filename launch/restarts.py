"""When a process that ended is started again, and one that hangs is ended. Pure: no clock, no files, no model calls.

It is never given up: what it needs, such as a full disk or a database that is away, may come back at any hour.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# A process that ran for so long was well: its next end is counted as its first.
STEADY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Probe:
    """How a process that hangs is found, in the terms of Kubernetes' liveness and startup probes.

    Generous: a machine that is busy, or starts much at once, answers late, and a restart would only add to its load.
    """

    period_seconds: float = 10.0
    timeout_seconds: float = 10.0
    failure_threshold: int = 6
    startup_failure_threshold: int = 30


class Remedy(Enum):
    """What is done to a running process: nothing, a request to end (SIGTERM), an end by force (SIGKILL)."""

    NONE = auto()
    ASK_TO_END = auto()
    END_BY_FORCE = auto()


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a process has fared: when it was started last, its ends in a row, and when it is started again; whether it
    has answered a probe since its start, and how many it has left without an answer since.
    """

    started_at: float
    ends: int = 0
    again_at: float | None = None
    has_answered: bool = False
    silent_probes: int = 0


def ended(record: Record, now: float) -> Record:
    """The record of a process that is found dead at `now` (seconds of any steady clock)."""
    ends = 1 if now - record.started_at >= STEADY_SECONDS else record.ends + 1
    return replace(record, ends=ends, again_at=now + pause_seconds(ends))


def started(record: Record, now: float) -> Record:
    return replace(record, started_at=now, again_at=None, has_answered=False, silent_probes=0)


def probed(record: Record, answered: bool) -> Record:
    """The record after one more probe."""
    if answered:
        return replace(record, has_answered=True, silent_probes=0)
    return replace(record, silent_probes=record.silent_probes + 1)


def remedy(record: Record, probe: Probe) -> Remedy:
    """What the last probe calls for: at the threshold a request to end; where that changed nothing, an end by force."""
    threshold = probe.failure_threshold if record.has_answered else probe.startup_failure_threshold
    if record.silent_probes < threshold:
        return Remedy.NONE
    return Remedy.ASK_TO_END if record.silent_probes == threshold else Remedy.END_BY_FORCE


def pause_seconds(ends: int) -> float:
    """1, 2, 4 seconds and so on, at most a minute."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(ends - 1, 10)))
