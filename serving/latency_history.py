"""Keeps how long answers took: what the counters have grown by in each minute and hour goes to the telemetry store.

One thread, once a minute. While the store is away rows wait in memory, and are written once it is back; a kill loses
the minute that runs. Every process writes rows of its own, which add up when they are read.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread

from pipeline.clock import Clock, utc_now
from pipeline.monitoring.latency import buckets_of
from pipeline.store.latencies import HOUR, MINUTE, Latencies
from serving.background import give_way
from serving.counters import Counters, Tally
from serving.errors import STORE_TROUBLE, reason

log = logging.getLogger("serving")

# Of five models a day's minutes; behind them the oldest are given up.
MOST_WAITING = 10_000

Tallies = Mapping[tuple[str, int], Tally]
Write = Callable[[Sequence[Latencies]], None]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A minute or an hour that runs: its number in this process, when it began, and what was counted before it."""

    seconds: int
    number: int
    at: datetime
    before: Tallies

    def next(self, at: datetime, before: Tallies) -> "Span":
        return Span(seconds=self.seconds, number=self.number + 1, at=at, before=before)


class LatencyHistory:
    """`step` takes what was counted since the last one, as of the minute and the hour in which that was, and writes it.

    `write` takes rows, all or nothing, and raises one of errors.STORE_TROUBLE when it could not.
    """

    def __init__(self, counters: Counters, write: Write, now: Clock = utc_now):
        self._counters = counters
        self._write = write
        self._now = now
        self._process = secrets.token_hex(8)
        self._minute = Span(seconds=MINUTE, number=0, at=_floor(now(), MINUTE), before={})
        self._hour = Span(seconds=HOUR, number=0, at=_floor(now(), HOUR), before={})
        self._waiting: dict[str, Latencies] = {}
        self._told = False
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="latency-history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Have the thread write what was counted so far, and end."""
        self._stopping.set()

    def wait(self, seconds: float) -> None:
        """For the thread's end, at most so long."""
        self._thread.join(seconds)

    def step(self) -> None:
        self._take(self._counters.tallies())
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if not self._waiting:
            return
        try:
            self._write(list(self._waiting.values()))
        except STORE_TROUBLE as error:
            if not self._told:
                log.warning("Latencies wait for the telemetry store: %s", reason(error))
            self._told = True
            return
        self._waiting.clear()
        self._told = False

    def _run(self) -> None:
        give_way()
        while not self._stopping.wait(MINUTE - self._now().timestamp() % MINUTE):
            self.step()
        self.step()

    def _take(self, tallies: Tallies) -> None:
        """An hour's row is written anew each minute, under one id, until the hour is over."""
        for span in (self._minute, self._hour):
            for row in self._rows(span, tallies):
                self._waiting[row.latency_id] = row
        now = self._now()
        self._minute = self._minute.next(_floor(now, MINUTE), tallies)
        if _floor(now, HOUR) != self._hour.at:
            self._hour = self._hour.next(_floor(now, HOUR), tallies)

    def _rows(self, span: Span, tallies: Tallies) -> list[Latencies]:
        rows = []
        for place, ((model, version), tally) in enumerate(tallies.items()):
            before = span.before.get((model, version), Tally())
            grown = [now - then for now, then in zip(tally.answered, before.answered, strict=True)]
            row = Latencies(
                latency_id=f"{self._process}-{span.seconds}-{span.number}-{place}",
                model=model,
                version=version,
                at=span.at,
                seconds=span.seconds,
                refused=tally.refused - before.refused,
                failed=tally.failed - before.failed,
                buckets=buckets_of(grown),
            )
            rows += [row] if row.requests else []
        return rows


def _floor(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
