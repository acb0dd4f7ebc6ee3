"""Delivers alerts in the background: one process at a time, under a lease; each channel in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from agent.acting import leases
from agent.acting.leases import Lease
from agent.alerts import buttons, incident_store, outbox
from agent.alerts.channels import Channel
from agent.alerts.collecting import Collector
from agent.alerts.sending import Sender
from agent.errors import BusyError, LeaseLostError
from agent.loop import holder_name

log = logging.getLogger("refit.alerts")

LEASE = "alerts"
TIDY_SECONDS = 3_600.0


@dataclass(frozen=True, kw_only=True)
class Deliverer:
    """All that delivering needs. Whatever fails here is logged and tried again: no decision waits for it."""

    control: Engine
    collector: Collector
    channels: Sequence[Channel]
    clock: Callable[[], datetime]
    quiet: Callable[[datetime], bool]
    poll_seconds: float = 1.0
    lease_ttl: timedelta = timedelta(seconds=15)
    give_up_after: timedelta = timedelta(hours=72)
    claimed_for: timedelta = timedelta(seconds=20)
    keep: timedelta = timedelta(days=30)

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set, whenever no other agent does."""
        holder = f"{holder_name()}:{uuid4().hex[:6]}"
        while not stop.is_set():
            try:
                lease = leases.acquire(self.control, LEASE, holder, self.clock(), self.lease_ttl)
            except BusyError:
                stop.wait(self.poll_seconds)
                continue
            except SQLAlchemyError as error:
                self._rest(stop, error)
                continue
            _Turn(self, lease).run(stop)

    def tidy(self) -> None:
        outbox.forget(self.control, self.clock() - self.keep)
        incident_store.forget(self.control, self.clock() - self.keep)
        buttons.forget(self.control, self.clock() - timedelta(days=1))

    def _rest(self, stop: threading.Event, error: Exception) -> None:
        # A driver's text may carry a password.
        log.error("Alerts wait for the store: %s", type(error).__name__)
        stop.wait(min(self.poll_seconds * 5, 5.0))


class _Turn:
    """The time for which one process holds the lease."""

    def __init__(self, of: Deliverer, lease: Lease):
        self.of, self.lease = of, lease
        self.over = threading.Event()
        self.wakes = [threading.Event() for _ in of.channels]
        self.held_until = time.monotonic() + of.lease_ttl.total_seconds()
        self.tidied_at: float | None = None

    def run(self, stop: threading.Event) -> None:
        threads = [
            threading.Thread(target=self._send, args=(channel, wake), name=f"alerts-{channel.name}", daemon=True)
            for channel, wake in zip(self.of.channels, self.wakes, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            self._collect(stop)
        finally:
            self.over.set()
            self._wake()
            for thread in threads:
                thread.join(timeout=20.0)
            self._release()

    def mine(self) -> bool:
        return not self.over.is_set() and time.monotonic() < self.held_until

    def _collect(self, stop: threading.Event) -> None:
        ttl = self.of.lease_ttl.total_seconds()
        while not stop.is_set():
            try:
                if self.held_until - time.monotonic() < ttl * 2 / 3:
                    began = time.monotonic()
                    leases.renew(self.of.control, self.lease, self.of.clock(), self.of.lease_ttl)
                    self.held_until = began + ttl
                while self.of.collector.collect() and not stop.is_set():
                    self._wake()
                self._tidy()
            except LeaseLostError as error:
                log.warning("%s", error)
                return
            except SQLAlchemyError as error:
                self.of._rest(stop, error)
            except Exception as error:  # noqa: BLE001  the text may quote a stranger; the next look tries again
                log.error("Collecting alerts failed: %s", type(error).__name__)
            stop.wait(self.of.poll_seconds)

    def _send(self, channel: Channel, wake: threading.Event) -> None:
        sender = Sender(
            control=self.of.control,
            channel=channel,
            clock=self.of.clock,
            quiet=self.of.quiet,
            mine=self.mine,
            give_up_after=self.of.give_up_after,
            claimed_for=self.of.claimed_for,
        )
        while not self.over.is_set():
            wake.clear()
            try:
                sender.send_due()
            except Exception as error:  # noqa: BLE001  the store is away, say; the row keeps its place
                log.error("Sending on %s failed: %s", channel.name, type(error).__name__)
            wake.wait(self.of.poll_seconds)

    def _wake(self) -> None:
        for wake in self.wakes:
            wake.set()

    def _tidy(self) -> None:
        if self.tidied_at is None or time.monotonic() - self.tidied_at > TIDY_SECONDS:
            self.of.tidy()
            self.tidied_at = time.monotonic()

    def _release(self) -> None:
        try:
            leases.release(self.of.control, self.lease, self.of.clock())
        except SQLAlchemyError:
            log.warning("The lease of the alerts could not be released; it runs out by itself.")


@contextmanager
def delivering(deliverer: Deliverer) -> Iterator[None]:
    """Deliver in the background for as long as the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=deliverer.run, args=(stop,), name="alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=25.0)
