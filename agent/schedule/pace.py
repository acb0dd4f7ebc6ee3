"""A few looks begin at a time: what is due waits where every agent can still take it, not in the threads of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

PLACES, KEPT_SECONDS = 8, 1.0


class Pace:
    """`places` looks at a time; one that takes longer than `kept_seconds` goes on, and its place is free again."""

    def __init__(self, places: int = PLACES, kept_seconds: float = KEPT_SECONDS):
        self._places, self._kept_seconds = places, kept_seconds
        self._begun: dict[object, float] = {}
        self._changed = Condition()
        self._closed = False

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Wait for a place, and have it for the block; false when nothing may begin any more."""
        who = object()
        with self._changed:
            while not self._closed and (wait := self._seconds_to_wait()) > 0:
                self._changed.wait(wait)
            self._begun[who] = monotonic()
            may_begin = not self._closed
        try:
            yield may_begin
        finally:
            with self._changed:
                del self._begun[who]
                self._changed.notify()

    def close(self) -> None:
        """Who waits is sent away; who has begun goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _seconds_to_wait(self) -> float:
        """Until the first of the places is free; 0 when one is."""
        soonest = sorted(began + self._kept_seconds for began in self._begun.values())
        kept = [end for end in soonest if end > monotonic()]
        return kept[0] - monotonic() if len(kept) >= self._places else 0.0
