"""Writes served predictions to the telemetry store: a bounded queue, one writer thread, one transaction per batch.

Putting an entry never waits. While the store is away, entries go to a spool on the service's own disk and are replayed
from there, each written once. An entry is given up only when spool and queue are full, or when a shutdown runs out of
time, and each one is counted. In the durable mode an answer waits for the commit of its entry.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any, NamedTuple, Protocol

from sqlalchemy.exc import DataError, IntegrityError

from pipeline.faults import fault_point
from serving.errors import STORE_TROUBLE, reason

log = logging.getLogger("serving")

LONGEST_BACKOFF_SECONDS = 2.0
CLOSING_SECONDS = 0.05
# How a store refuses a row for what the row holds. A row that it knows already is none of these: `write` leaves it out.
REFUSED = (IntegrityError, DataError)


class Entry(NamedTuple):
    """One prediction as it is logged: a PredictionRecord before the store has numbered it, at a tenth of the cost."""

    prediction_id: str
    model: str
    version: int
    slot: str
    at: datetime
    input: Any
    prediction: int
    score: float


Write = Callable[[Sequence[Entry]], None]


class Spooling(Protocol):
    """Where entries wait on disk while the store is away."""

    def append(self, entries: Sequence[Entry]) -> bool: ...

    def replay(self, write: Write) -> int: ...

    def waiting(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class LogState:
    """`waiting` entries are in memory and `spooled` ones on disk; the other counts are since the start.

    `problem` is why writing fails now.
    """

    waiting: int
    capacity: int
    written: int
    dropped: int
    refused: int
    failures: int
    problem: str | None
    spooled: int = 0
    replayed: int = 0


class PredictionLog:
    """`write` takes a batch, all or nothing, leaves out what is written already, and raises one of
    errors.STORE_TROUBLE when it could not.
    """

    def __init__(
        self, write: Write, *, capacity: int, batch_rows: int, flush_seconds: float, spool: Spooling | None = None
    ):
        self._write = write
        self._capacity = capacity
        self._batch_rows = batch_rows
        self._flush_seconds = flush_seconds
        self._spool = spool
        self._queue: deque[Entry] = deque()
        self._held: list[Entry] = []  # the batch that could not be written yet
        self._promises: dict[str, asyncio.Future[bool]] = {}
        self._written = self._dropped = self._refused = self._failures = self._replayed = 0
        self._problem: str | None = None
        self._try_again_at = 0.0
        self._backoff = flush_seconds
        self._closing = Event()
        self._wake = Event()
        self._counting = Lock()
        self._deadline = float("inf")
        self._thread = Thread(target=self._run, name="prediction-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def offer(self, entry: Entry) -> bool:
        """Queue an entry; False, and nothing queued, when the queue is full."""
        if len(self._queue) + len(self._held) >= self._capacity:
            return False
        self._queue.append(entry)
        return True

    def promise(self, entry: Entry) -> asyncio.Future[bool]:
        """Queue an entry, from an event loop; the result is True once it is committed, False when it was not."""
        committed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._promises[entry.prediction_id] = committed
        if not self.offer(entry):
            del self._promises[entry.prediction_id]
            committed.set_result(False)
        self._wake.set()
        return committed

    def drop(self, entries: int = 1) -> None:
        """Count entries that no room was found for."""
        with self._counting:
            self._dropped += entries

    def can_wait(self) -> bool:
        """Whether room is to be expected soon: the writer is alive and the store takes what it writes."""
        return self._problem is None and self._thread.is_alive()

    def state(self) -> LogState:
        return LogState(
            waiting=len(self._queue) + len(self._held),
            capacity=self._capacity,
            written=self._written,
            dropped=self._dropped,
            refused=self._refused,
            failures=self._failures,
            problem=self._problem,
            spooled=self._spool.waiting() if self._spool else 0,
            replayed=self._replayed,
        )

    def close(self, seconds: float) -> None:
        """Write all that waits, for at most `seconds`; what remains is counted as dropped and said in the log."""
        self._deadline = time.monotonic() + seconds
        self._closing.set()
        self._wake.set()
        self._thread.join(seconds + 1.0)
        left = len(self._queue) + len(self._held)
        if left:
            self.drop(left)
            log.error("%d predictions could not be written before the shutdown: %s", left, self._problem)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(self._flush_seconds)
            self._wake.clear()
            self._flush()
        while not self._flush() and time.monotonic() < self._deadline:
            time.sleep(min(self._flush_seconds, CLOSING_SECONDS))

    def _flush(self) -> bool:
        """Write what waits in memory; False when some is left, because neither the store nor the spool takes it.

        What arrives meanwhile waits for the next time: written at once it would make a transaction of a few rows, one
        after the other, and each takes Python's lock from the event loop.
        """
        if self._may_try() and self._spool and self._spool.waiting():
            self._replay()
        to_write = len(self._queue) + len(self._held)
        while to_write > 0:
            if not self._held:
                self._held = [self._queue.popleft() for _ in range(min(len(self._queue), self._batch_rows))]
            to_write -= len(self._held)
            if not (self._may_try() and self._write_held()) and not self._spool_held():
                return False
        return not self._queue

    def _may_try(self) -> bool:
        return time.monotonic() >= self._try_again_at

    def _replay(self) -> None:
        assert self._spool is not None
        try:
            replayed = self._spool.replay(self._write_what_is_taken)
        except STORE_TROUBLE as error:
            self._failed(error)
            return
        self._replayed += replayed
        if replayed:
            self._works()

    def _write_held(self) -> bool:
        try:
            fault_point("log:writing")
            self._write(self._held)
            fault_point("log:written")
        except REFUSED:
            return self._write_one_by_one()
        except STORE_TROUBLE as error:
            self._failed(error)
            return False
        self._done(self._held)
        self._held = []
        self._works()
        return True

    def _write_one_by_one(self) -> bool:
        """A row that the store refuses for what it holds must not keep the others from being written."""
        while self._held:
            try:
                taken = self._is_taken(self._held[0])
            except STORE_TROUBLE as error:
                self._failed(error)
                return False
            if taken:
                self._done(self._held[:1])
            else:
                self._settle(self._held[:1], False)
            del self._held[0]
        self._works()
        return True

    def _write_what_is_taken(self, entries: Sequence[Entry]) -> None:
        """The same of spooled rows: one that is refused is left out and counted, else it would stop all after it."""
        try:
            self._write(entries)
        except REFUSED:
            for entry in entries:
                self._is_taken(entry)

    def _is_taken(self, entry: Entry) -> bool:
        """Write one row; False when the store refuses it for what it holds. Raises what `write` raises otherwise."""
        try:
            self._write([entry])
        except REFUSED as error:
            if not self._refused:
                kind = type(error).__name__
                log.warning("The store refuses prediction %s (%s). Others are counted.", entry.prediction_id, kind)
            self._refused += 1
            return False
        return True

    def _spool_held(self) -> bool:
        if self._spool is None or not self._spool.append(self._held):
            return False
        self._settle(self._held, False)
        self._held = []
        return True

    def _done(self, entries: Sequence[Entry]) -> None:
        self._written += len(entries)
        self._settle(entries, True)

    def _settle(self, entries: Sequence[Entry], committed: bool) -> None:
        """Let the answers go that wait for these entries."""
        if not self._promises:
            return
        kept = [self._promises.pop(entry.prediction_id, None) for entry in entries]
        waiting = [promise for promise in kept if promise is not None]
        if waiting:
            waiting[0].get_loop().call_soon_threadsafe(_resolve, waiting, committed)

    def _works(self) -> None:
        self._problem, self._backoff, self._try_again_at = None, self._flush_seconds, 0.0

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF_SECONDS)
        self._try_again_at = time.monotonic() + self._backoff
        where = "on the local disk" if self._spool else "in memory"
        problem = f"The telemetry store does not take predictions, so they wait {where}: {reason(error)}"
        if problem != self._problem:
            log.warning(problem)
        self._problem = problem


def _resolve(waiting: Sequence[asyncio.Future[bool]], committed: bool) -> None:
    for promise in waiting:
        if not promise.done():
            promise.set_result(committed)
