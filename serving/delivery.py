"""How an answer and its row in the log belong together: the guarantee of each mode of logging."""

import asyncio
import time
from collections.abc import Sequence

from serving.counters import Counters
from serving.errors import NotLoggedError
from serving.prediction_log import Entry, PredictionLog
from serving.settings import ServingSettings

ROOM_CHECK_SECONDS = 0.01


class Delivery:
    """Batched: handed to the log, which an answer waits for only when it is full. Durable: committed, or no answer."""

    def __init__(self, log: PredictionLog, counters: Counters, settings: ServingSettings):
        self._log = log
        self._counters = counters
        self._durable = settings.log_mode == "durable"
        self._room_wait_seconds = settings.log_room_wait_seconds
        self._durable_wait_seconds = settings.durable_wait_seconds

    @property
    def is_immediate(self) -> bool:
        """Whether an answer may go out as soon as its entry is queued."""
        return not self._durable

    def deliver_now(self, entry: Entry) -> bool:
        """Hand one entry to the log without waiting; False when `deliver` has to."""
        if self._durable or not self._log.offer(entry):
            return False
        self._counters.predictions[entry.model] += 1
        return True

    async def deliver(self, entries: Sequence[Entry]) -> None:
        """Hand entries to the log, and wait as long as the mode asks. Raises NotLoggedError in the durable mode."""
        if self._durable:
            await self._commit(entries)
        else:
            for entry in entries:
                if not self._log.offer(entry):
                    await self._offer_later(entry)
        for entry in entries:
            self._counters.predictions[entry.model] += 1

    async def _commit(self, entries: Sequence[Entry]) -> None:
        promises = [self._log.promise(entry) for entry in entries]
        _, late = await asyncio.wait(promises, timeout=self._durable_wait_seconds)
        if late or not all(promise.result() for promise in promises):
            raise NotLoggedError(
                "The prediction could not be committed to the store, and this service answers only what is. Try again."
            )

    async def _offer_later(self, entry: Entry) -> None:
        """Back-pressure: hold this answer back until the log has room, but not for long; then count what is lost."""
        self._counters.log_waits += 1
        deadline = time.monotonic() + self._room_wait_seconds
        while self._log.can_wait() and time.monotonic() < deadline:
            await asyncio.sleep(ROOM_CHECK_SECONDS)
            if self._log.offer(entry):
                return
        self._log.drop()
