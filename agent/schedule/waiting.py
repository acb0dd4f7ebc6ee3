"""What is to be done as soon as it can be, and since when; one thread at a time is at each."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock


class Waiting:
    """Names of what waits. What is tried in vain goes on waiting, from when it began to."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self._tried: set[str] = set()
        self._lock = Lock()

    def add(self, names: Iterable[str], now: datetime) -> None:
        with self._lock:
            for name in names:
                self._since.setdefault(name, now)

    def add_only(self, names: Collection[str], now: datetime) -> None:
        """What is not among `names` waits no more."""
        with self._lock:
            self._since = {name: self._since.get(name, now) for name in names}

    def drop(self, name: str) -> None:
        with self._lock:
            self._since.pop(name, None)

    def waited(self, name: str, now: datetime) -> timedelta:
        with self._lock:
            return now - self._since.get(name, now)

    def untried(self) -> list[str]:
        """What waits and nobody is at."""
        with self._lock:
            return sorted(self._since.keys() - self._tried)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Be at it for a block; false when another thread is."""
        with self._lock:
            alone = name not in self._tried
            self._tried.add(name)
        try:
            yield alone
        finally:
            if alone:
                with self._lock:
                    self._tried.discard(name)

    def count_anew(self, now: datetime) -> None:
        """After the clock was put back."""
        with self._lock:
            self._since = dict.fromkeys(self._since, now)
