"""Which queued notices may go out now, in which order, and how long a failed one waits. Pure: no clock, no files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.alerts.notice import Severity

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)
LONGEST_ASKED = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A queued notice, as far as its turn depends on it."""

    seq: int
    thread: str
    severity: Severity
    next_attempt_at: datetime


def due(waiting: Sequence[Waiting], now: datetime, *, quiet: bool) -> list[Waiting]:
    """The first of each thread whose time has come; the others of its thread wait behind it.

    Who has waited longest since its last try comes first, so that one notice that always fails holds up no other.
    In quiet hours a thread moves only while something critical waits in it; then what came before goes out first.
    """
    heads: dict[str, Waiting] = {}
    for one in sorted(waiting, key=lambda one: one.seq):
        heads.setdefault(one.thread, one)
    loud = {one.thread for one in waiting if one.severity is Severity.CRITICAL}
    ready = [one for one in heads.values() if has_come(one.next_attempt_at, now) and (not quiet or one.thread in loud)]
    return sorted(ready, key=lambda one: (one.next_attempt_at, one.seq))


def has_come(moment: datetime, now: datetime) -> bool:
    """Whether a time to wait for is over; one that lies too far ahead was set before the clock was put back."""
    return moment <= now or moment > now + 2 * LONGEST_ASKED


def wait_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """1, 2, 4, ... seconds, at most half a minute, so that what is up again is used within a minute.

    More if asked, but for an hour at most.
    """
    doublings = min(max(attempts - 1, 0), 20)
    own = min(timedelta(seconds=FIRST_WAIT.total_seconds() * 2**doublings), LONGEST_WAIT)
    return max(own, min(asked, LONGEST_ASKED)) if asked is not None else own
