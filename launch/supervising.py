"""Keeps services running: starts them, waits until they are ready, restarts what ends, stops them all."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from launch import restarts
from launch.processes import Child, Sink, answers, start
from launch.restarts import Record

READY_SECONDS = 180.0
WATCH_SECONDS = 0.2
POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Service:
    """One process of the project: `python -m <words>`, and where it says that it is ready."""

    name: str
    words: Sequence[str]
    url: str
    ready_path: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Watched:
    service: Service
    child: Child
    record: Record


class Supervisor:
    """Runs services for as long as `stop` is not set. `relay` gives the sink of a service's lines."""

    def __init__(self, stop: threading.Event, relay: Callable[[str], Sink]):
        self._stop, self._relay = stop, relay
        self._watched: list[_Watched] = []

    def start(self, services: Sequence[Service]) -> None:
        """Start all at once. Each end after that is followed by a new start."""
        for service in services:
            self._watched.append(_Watched(service=service, child=self._started(service), record=_now_started()))

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when all answer, or `stop` is set. Raises ProcessFailedError for one that ends or stays silent."""
        deadline = time.monotonic() + seconds
        for watched in self._watched:
            url = f"{watched.service.url}{watched.service.ready_path}"
            while not self._stop.is_set() and not answers(url):
                if not watched.child.alive:
                    raise watched.child.failure("ended before it was ready")
                if time.monotonic() > deadline:
                    raise watched.child.failure(f"was not ready after {seconds:.0f} s")
                self._stop.wait(POLL_SECONDS)

    def watch(self) -> None:
        """Restart what ends until `stop` is set."""
        while not self._stop.wait(WATCH_SECONDS):
            for watched in self._watched:
                self._look_at(watched)

    def _look_at(self, watched: _Watched) -> None:
        if watched.child.alive:
            return
        now, record = time.monotonic(), watched.record
        say = self._relay("refit")
        if record.again_at is None:
            watched.record = restarts.ended(record, now)
            pause = restarts.pause_seconds(watched.record.ends)
            code = watched.child.process.returncode
            say(f"{watched.service.name} ended {_how(code)}; it is started again in {pause:.0f} s")
        elif now >= record.again_at:
            watched.child.end_group()  # what it left behind may still hold its port
            watched.child = self._started(watched.service)
            watched.record = restarts.started(record, now)
            say(f"{watched.service.name} is started again, process {watched.child.process.pid}")

    def close(self) -> None:
        """Ask all to end, the last one first, wait, and end by force what does not."""
        for watched in reversed(self._watched):
            watched.child.ask_to_end()
        for watched in reversed(self._watched):
            watched.child.stop()

    def _started(self, service: Service) -> Child:
        return start(service.name, service.words, service.environment, self._relay(service.name))


def _now_started() -> Record:
    return Record(started_at=time.monotonic())


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with code {code}"
