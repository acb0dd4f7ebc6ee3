"""Keeps services running: starts them, waits until they are ready, restarts what ends or hangs, stops them all."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from launch import restarts
from launch.processes import Child, Sink, answers, responds, start
from launch.restarts import Probe, Record, Remedy

READY_SECONDS = 180.0
WATCH_SECONDS = 0.2
POLL_SECONDS = 0.05
PATIENT = Probe()


@dataclass(frozen=True, kw_only=True)
class Service:
    """One process of the project: `python -m <words>`, and where it says that it is ready, and that it lives."""

    name: str
    words: Sequence[str]
    url: str
    ready_path: str
    live_path: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Watched:
    service: Service
    child: Child
    record: Record
    probe_at: float
    # Of this child; it is in a thread of its own, for it may have to wait for an answer.
    probing: Future[bool] | None = None


class Supervisor:
    """Runs services for as long as `stop` is not set. `relay` gives the sink of a service's lines."""

    def __init__(self, stop: threading.Event, relay: Callable[[str], Sink], probe: Probe = PATIENT):
        self._stop, self._relay, self._probe = stop, relay, probe
        self._watched: list[_Watched] = []
        self._probes = ThreadPoolExecutor(thread_name_prefix="probe")

    def start(self, services: Sequence[Service]) -> None:
        """Start all at once. Each end after that is followed by a new start."""
        for service in services:
            now = time.monotonic()
            watched = _Watched(
                service=service,
                child=self._started(service),
                record=Record(started_at=now),
                probe_at=now + self._probe.period_seconds,
            )
            self._watched.append(watched)

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
        """Restart what ends, and end what hangs, until `stop` is set."""
        while not self._stop.wait(WATCH_SECONDS):
            for watched in self._watched:
                self._look_at(watched)

    def _look_at(self, watched: _Watched) -> None:
        now, record = time.monotonic(), watched.record
        if watched.child.alive:
            self._look_for_life(watched, now)
            return
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
            watched.probing, watched.probe_at = None, now + self._probe.period_seconds
            say(f"{watched.service.name} is started again, process {watched.child.process.pid}")

    def _look_for_life(self, watched: _Watched, now: float) -> None:
        """Begin the next probe when it is due; act on the last one when it has come to an end."""
        if watched.probing is None and now >= watched.probe_at:
            url = f"{watched.service.url}{watched.service.live_path}"
            watched.probing = self._probes.submit(responds, url, self._probe.timeout_seconds)
            watched.probe_at = now + self._probe.period_seconds
        elif watched.probing is not None and watched.probing.done():
            watched.record = restarts.probed(watched.record, watched.probing.result())
            watched.probing = None
            self._mend(watched)

    def _mend(self, watched: _Watched) -> None:
        """End a process that hangs; it is started again like any other that has ended."""
        remedy, say = restarts.remedy(watched.record, self._probe), self._relay("refit")
        left = f"{watched.service.name} has left {watched.record.silent_probes} probes in a row without an answer"
        if remedy is Remedy.ASK_TO_END:
            say(f"{left}; it is asked to end")
            watched.child.ask_to_end()
        elif remedy is Remedy.END_BY_FORCE:
            say(f"{left}; it is ended by force")
            watched.child.process.kill()

    def close(self) -> None:
        """Ask all to end, the last one first, wait, and end by force what does not."""
        for watched in reversed(self._watched):
            watched.child.ask_to_end()
        for watched in reversed(self._watched):
            watched.child.stop()
        self._probes.shutdown(cancel_futures=True)

    def _started(self, service: Service) -> Child:
        return start(service.name, service.words, service.environment, self._relay(service.name))


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with code {code}"
