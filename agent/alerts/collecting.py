"""Reads the ledger on from where it was read last and queues what people are told, in one transaction.

A kill leaves either both, the cursor and the queued notices, or neither: nothing is lost and nothing is queued twice.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import Connection, Engine, func, select

from agent.alerts import cursors, incident_store, outbox
from agent.alerts.incidents import Change, Incident, after_decision, after_move
from agent.alerts.moves import move_notice
from agent.alerts.notice import Notice, NoticeKind, Severity
from agent.alerts.telling import Told, notices, of_incidents, resolved_notice
from agent.errors import AgentError, LedgerError
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.ledger import MOVES, Entry, EntryKind
from pipeline.faults import fault_point
from pipeline.records import Promotion, PromotionKind
from pipeline.store import control as tables
from pipeline.store.engine import writing

log = logging.getLogger("refit.alerts")

BATCH = 200
# What reading an entry raises that was altered, or written by a release of another form.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, AgentError)
LEFT_TO_THE_LEDGER = timedelta(seconds=20)
_WITH_READINGS = (EntryKind.EFFECT_DONE, EntryKind.APPROVAL_REQUESTED, EntryKind.ROLLED_BACK)


def nothing_expected(model: str, decision_id: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Collector:
    """`expected` says what a decision's readings would be without drift; it may be slow, but does not raise."""

    control: Engine
    channels: Sequence[str]
    clock: Callable[[], datetime]
    title_of: Callable[[str], str] = str
    min_severity: Severity = Severity.INFO
    expected: Callable[[str, str], tuple[str, ...]] = nothing_expected

    def collect(self) -> int:
        """Queue what is new, a batch at most; returns how many entries and moves were read."""
        now = self.clock()
        # Moves first: the decisions that were read with them know of them already.
        moves = sum(self._collect_moves(model, now) for model in self._moved_models())
        return moves + self._collect_ledger(now)

    def _collect_ledger(self, now: datetime) -> int:
        position = cursors.ledger_position(self.control, now)
        found = ledger.after(self.control, position, BATCH)
        if not found:
            return 0
        # Read before the transaction begins: reports may come slowly, and the ledger only grows.
        told = [self._told(entry) for entry in found]
        with writing(self.control).begin() as connection:
            if not cursors.advance(connection, cursors.LEDGER, position, found[-1].seq):
                return 0  # another agent has read on meanwhile
            for entry, one in zip(found, told, strict=True):
                self._queue(connection, self._made(connection, entry, one, now), now)
            fault_point("alerts:collecting")
        fault_point("alerts:collected")
        return len(found)

    def _made(self, connection: Connection, entry: Entry, told: Told | None, now: datetime) -> list[Notice]:
        """The notices of one entry. One that does not hold what it should is told of as such: it must not keep what
        comes behind it from being told for good."""
        if told is None:
            return [_unreadable(entry)]
        try:
            with connection.begin_nested():
                return self._notices(connection, told, now)
        except UNREADABLE as error:
            log.error("What entry %s of the ledger says cannot be told: %s", entry.seq, type(error).__name__)
            return [_unreadable(entry)]

    def _notices(self, connection: Connection, told: Told, now: datetime) -> list[Notice]:
        change = _change(told, incident_store.known(connection, told.entry.model, now))
        incident_store.apply(connection, change)
        return notices(told) + of_incidents(told, change.opened, change.resolved)

    def _told(self, entry: Entry) -> Told | None:
        """None when the entry or its decision was altered and cannot be read."""
        try:
            decision = decision_of(ledger.entries_of(self.control, entry.decision_id)[0])
        except LedgerError:
            return None
        readings = entry.kind in _WITH_READINGS
        expected = self.expected(entry.model, entry.decision_id) if readings else ()
        return Told(entry=entry, decision=decision, title=self.title_of(entry.model), expected=expected)

    def _queue(self, connection: Connection, made: Sequence[Notice], now: datetime) -> None:
        """What closes an earlier notice is sent where that one was, whatever its own weight."""
        loud = [one for one in made if one.severity.rank >= self.min_severity.rank or one.closes is not None]
        outbox.put(connection, loud, self.channels, now)

    def _moved_models(self) -> list[str]:
        """Models whose champion has moved since it was looked at."""
        moves, read = tables.promotions, tables.alert_cursors
        newest = select(moves.c.model, func.max(moves.c.generation).label("newest")).group_by(moves.c.model).subquery()
        joined = newest.outerjoin(read, read.c.source == "moves:" + newest.c.model)
        query = select(newest.c.model).select_from(joined)
        fresh = read.c.position.is_(None) | (read.c.position < newest.c.newest)
        with self.control.connect() as connection:
            return list(connection.execute(query.where(fresh)).scalars())

    def _collect_moves(self, model: str, now: datetime) -> int:
        """Moves that the ledger does not tell: by a person, or by the service at the end of a rollout.

        A move of a decision is left to the ledger for a while; both have the same key, so it is told once.
        """
        position = cursors.move_position(self.control, model, now)
        moves = tables.promotions
        query = select(moves).where(moves.c.model == model, moves.c.generation > position)
        with self.control.connect() as connection:
            rows = connection.execute(query.order_by(moves.c.generation).limit(BATCH)).all()
        read = [Promotion(**dict(row._mapping) | {"kind": PromotionKind(row.kind)}) for row in rows]
        found = list(takewhile(lambda move: move.decision_id is None or now - move.at > LEFT_TO_THE_LEDGER, read))
        if not found:
            return 0
        with writing(self.control).begin() as connection:
            if not cursors.advance(connection, cursors.moves_of(model), position, found[-1].generation):
                return 0
            for move in found:
                self._queue(connection, self._of_move(connection, move, now), now)
        return len(found)

    def _of_move(self, connection: Connection, move: Promotion, now: datetime) -> list[Notice]:
        known = incident_store.known(connection, move.model, now)
        change = after_move(move.to_version, move.at, move.kind is PromotionKind.ROLL_BACK, known)
        incident_store.apply(connection, change)
        title, ended = self.title_of(move.model), change.resolved
        thread = ended[0].incident_id if ended else None
        return [move_notice(move, title, thread), *(resolved_notice(one, title) for one in ended)]


def _change(told: Told, known: Sequence[Incident]) -> Change:
    entry = told.entry
    if entry.kind == EntryKind.DECISION:
        return after_decision(told.decision, known)
    to_version = entry.body.get("to_version")
    if entry.kind in MOVES and isinstance(to_version, int):
        return after_move(to_version, entry.at, entry.kind == EntryKind.ROLLED_BACK, known)
    return Change()


def _unreadable(entry: Entry) -> Notice:
    log.error("Entry %s of the ledger cannot be read; see: python -m agent verify", entry.seq)
    return Notice(
        key=f"unreadable:{entry.seq}",
        kind=NoticeKind.LEDGER_UNREADABLE,
        severity=Severity.CRITICAL,
        model=entry.model,
        title=entry.model,
        thread=f"unreadable:{entry.decision_id}",
        headline=f"{entry.model}: entry {entry.seq} of the ledger cannot be read",
        at=entry.at,
        decision_id=entry.decision_id,
        done=("It may have been altered. Check the chain: python -m agent verify",),
    )
