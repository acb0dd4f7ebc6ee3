"""Sends what is due on one channel: claim, send, note how it ended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from agent.alerts import outbox
from agent.alerts.channels import Channel, Context, Earlier, RefusedError, SendError
from agent.alerts.due import due, has_come, wait_after
from agent.alerts.notice import Notice
from agent.alerts.outbox import Queued
from pipeline.faults import fault_point

log = logging.getLogger("refit.alerts")


@dataclass(kw_only=True)
class Sender:
    """One channel's turn. `mine` says whether this process may still send; it is asked before every notice.

    What a sender that died had taken up is free again after `claimed_for`, longer than a channel may take to answer.
    """

    control: Engine
    channel: Channel
    clock: Callable[[], datetime]
    quiet: Callable[[datetime], bool]
    mine: Callable[[], bool]
    give_up_after: timedelta
    claimed_for: timedelta = timedelta(seconds=20)
    paused_until: datetime | None = None

    def send_due(self) -> int:
        """Send the first of each thread until nothing is due or the channel fails; returns how many got through."""
        count = 0
        while self.mine() and not self._paused():
            waiting = outbox.waiting(self.control, self.channel.name)
            turn = due(waiting, self.clock(), quiet=self.quiet(self.clock()))
            sent = 0
            for one in turn:
                if not self.mine() or self._paused():
                    return count + sent
                sent += self._send(one.seq)
            count += sent
            if not sent:
                return count
        return count

    def _send(self, seq: int) -> bool:
        taken = outbox.claim(self.control, seq, self.clock(), self.claimed_for)
        if taken is None:
            return False
        fault_point("alerts:claimed")
        try:
            receipt = self.channel.send(taken.notice, self._context(taken))
            fault_point("alerts:taken")
        except RefusedError as error:
            log.error("%s refused notice %s for good: %s", self.channel.name, taken.notice.key, error)
            outbox.given_up(self.control, taken, str(error), self.clock())
            return True  # the next one of its thread may go
        except SendError as error:
            self._later(taken, error)
            return False
        except Exception as error:  # noqa: BLE001  a notice that breaks its channel must not stop the others
            log.error("Sending notice %s on %s failed: %s", taken.notice.key, self.channel.name, type(error).__name__)
            self._later(taken, SendError(f"unexpected {type(error).__name__}"), rest=False)
            return False
        outbox.sent(self.control, taken, receipt, self.clock())
        fault_point("alerts:noted")
        return True

    def _later(self, taken: Queued, error: SendError, *, rest: bool = True) -> None:
        now = self.clock()
        if now - taken.queued_at > self.give_up_after:
            outbox.given_up(self.control, taken, str(error), now)
            return
        again_at = now + wait_after(taken.attempts, error.retry_after)
        outbox.failed(self.control, taken, str(error), again_at)
        if rest:  # the channel is down or busy: what failed for one notice fails for the next
            self.paused_until = again_at
        log.warning("%s: %s; tried again at %s", self.channel.name, error, f"{again_at:%H:%M:%S}")

    def _paused(self) -> bool:
        return self.paused_until is not None and not has_come(self.paused_until, self.clock())

    def _context(self, taken: Queued) -> Context:
        name = self.channel.name
        root = outbox.root_of(self.control, name, taken.thread)
        closed = outbox.by_key(self.control, name, taken.notice.closes) if taken.notice.closes else None
        again = taken.attempts > 1 or taken.last_error is not None  # a dead letter counts anew when it is sent again
        return Context(root=_earlier(root), closed=_earlier(closed), again=again)


def _earlier(row: Queued | None) -> Earlier | None:
    return Earlier(notice=row.notice, receipt=row.receipt) if row else None


def send_now(channel: Channel, notice: Notice) -> str | None:
    """One notice at once, past the outbox, to try a channel out; why it failed, or None."""
    try:
        channel.send(notice, Context())
    except SendError as error:
        return str(error)
    return None
