"""The outbox: notices that wait for a channel, one row for each, claimed by one sender at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, delete, exists, func, insert, or_, select, update

from agent.alerts.due import Waiting, has_come
from agent.alerts.notice import Notice, Severity
from agent.record.canonical import canonical_json
from pipeline.store.control import alert_incidents
from pipeline.store.control import alert_outbox as table
from pipeline.store.engine import writing

LOOKED_AT = 2_000
_NOTICE: TypeAdapter[Notice] = TypeAdapter(Notice)


class RowState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Queued:
    """One row of the outbox. `attempts` counts the times that it was taken up."""

    seq: int
    channel: str
    thread: str
    notice: Notice
    state: RowState
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime
    ended_at: datetime | None
    last_error: str | None
    receipt: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One channel: how many wait, were given up, were sent, since when the oldest waits, and what went wrong last."""

    channel: str
    waiting: int = 0
    dead: int = 0
    sent: int = 0
    oldest_waiting_at: datetime | None = None
    last_error: str | None = None


def put(connection: Connection, notices: Sequence[Notice], channels: Sequence[str], now: datetime) -> int:
    """Queue notices on channels within the caller's transaction; what is queued already stays as it is."""
    count = 0
    for notice in notices:
        known = set(connection.execute(select(table.c.channel).where(table.c.notice_key == notice.key)).scalars().all())
        rows = [_row(notice, channel, now) for channel in channels if channel not in known]
        if rows:
            connection.execute(insert(table), rows)
        count += len(rows)
    return count


def waiting(control: Engine, channel: str) -> list[Waiting]:
    """What waits for a channel, oldest first, without its content."""
    columns = (table.c.seq, table.c.thread, table.c.severity, table.c.next_attempt_at)
    query = select(*columns).where(table.c.state == RowState.WAITING.value, table.c.channel == channel)
    with control.connect() as connection:
        rows = connection.execute(query.order_by(table.c.seq).limit(LOOKED_AT)).all()
    return [
        Waiting(seq=row.seq, thread=row.thread, severity=Severity(row.severity), next_attempt_at=row.next_attempt_at)
        for row in rows
    ]


def claim(control: Engine, seq: int, now: datetime, claimed_for: timedelta) -> Queued | None:
    """Take a row up, alone: None when another sender did, or has sent it. A claim runs out after `claimed_for`."""
    with writing(control).begin() as connection:
        row = connection.execute(select(table).where(table.c.seq == seq)).first()
        if row is None or row.state != RowState.WAITING.value or not has_come(row.next_attempt_at, now):
            return None
        mine = (table.c.seq == seq, table.c.attempts == row.attempts, table.c.state == RowState.WAITING.value)
        values = {"attempts": row.attempts + 1, "next_attempt_at": now + claimed_for}
        if connection.execute(update(table).where(*mine).values(**values)).rowcount != 1:
            return None
        return _queued(row, **values)


def sent(control: Engine, taken: Queued, receipt: Mapping[str, Any] | None, now: datetime) -> None:
    values = {"state": RowState.SENT.value, "ended_at": now, "receipt": dict(receipt or {}), "last_error": None}
    _end(control, taken, values)


def failed(control: Engine, taken: Queued, error: str, again_at: datetime) -> None:
    _end(control, taken, {"next_attempt_at": again_at, "last_error": error[:200]})


def given_up(control: Engine, taken: Queued, error: str, now: datetime) -> None:
    """A dead letter: it is shown, and the next ones of its thread go on."""
    _end(control, taken, {"state": RowState.DEAD.value, "ended_at": now, "last_error": error[:200]})


def revive(control: Engine, now: datetime, seq: int | None = None) -> int:
    """Queue one dead letter, or all, again, and let what waits be tried at once. Returns how many there were."""
    dead = (table.c.state == RowState.DEAD.value, *((table.c.seq == seq,) if seq is not None else ()))
    fresh = {"attempts": 0, "queued_at": now, "next_attempt_at": now, "ended_at": None}
    with writing(control).begin() as connection:
        count = connection.execute(update(table).where(*dead).values(state=RowState.WAITING.value, **fresh)).rowcount
        if seq is None:
            # What is being sent this moment keeps its claim: only what failed before is hurried.
            late = (table.c.state == RowState.WAITING.value, table.c.last_error.is_not(None))
            connection.execute(update(table).where(*late).values(next_attempt_at=now))
    return count


def root_of(control: Engine, channel: str, thread: str) -> Queued | None:
    """The first notice of a thread that the channel took."""
    query = select(table).where(
        table.c.channel == channel, table.c.thread == thread, table.c.state == RowState.SENT.value
    )
    return _first(control, query.order_by(table.c.seq).limit(1))


def by_key(control: Engine, channel: str, key: str) -> Queued | None:
    return _first(control, select(table).where(table.c.channel == channel, table.c.notice_key == key))


def dead_letters(control: Engine, limit: int = 50) -> list[Queued]:
    """The newest first."""
    query = select(table).where(table.c.state == RowState.DEAD.value).order_by(table.c.seq.desc()).limit(limit)
    with control.connect() as connection:
        return [_queued(row) for row in connection.execute(query)]


def tallies(control: Engine) -> dict[str, Tally]:
    """Every channel that the outbox knows."""
    counts = select(table.c.channel, table.c.state, func.count().label("rows"), func.min(table.c.queued_at).label("at"))
    errors = (
        select(table.c.channel, table.c.last_error).where(table.c.last_error.is_not(None)).order_by(table.c.seq.desc())
    )
    found: dict[str, dict[str, Any]] = {}
    with control.connect() as connection:
        for row in connection.execute(counts.group_by(table.c.channel, table.c.state)):
            one = found.setdefault(row.channel, {"channel": row.channel})
            one[row.state] = row.rows
            if row.state == RowState.WAITING.value:
                one["oldest_waiting_at"] = row.at
        for row in connection.execute(errors.limit(50)):
            found[row.channel].setdefault("last_error", row.last_error)
    return {name: Tally(**fields) for name, fields in found.items()}


def forget(control: Engine, before: datetime) -> int:
    """Drop what ended before a time, but for the first message of each thread that later notices may still answer.

    A thread is over when its incident is, if it has one, and nothing of it was queued or sent since that time: then all
    of it goes, and what comes later all the same begins a thread of its own.
    """
    sent = table.c.state == RowState.SENT.value
    first = select(func.min(table.c.seq)).where(sent).group_by(table.c.channel, table.c.thread)
    going_on = or_(_incident_since(before), _notice_since(before))
    old = (table.c.state != RowState.WAITING.value, table.c.ended_at < before)
    with writing(control).begin() as connection:
        return connection.execute(delete(table).where(*old, or_(table.c.seq.not_in(first), ~going_on))).rowcount


def _incident_since(before: datetime) -> ColumnElement[bool]:
    """The incident of a row's thread is open, or was after a time."""
    lately = or_(alert_incidents.c.resolved_at.is_(None), alert_incidents.c.resolved_at >= before)
    return exists().where(alert_incidents.c.incident_id == table.c.thread, lately)


def _notice_since(before: datetime) -> ColumnElement[bool]:
    """A notice of a row's thread waits, or ended after a time."""
    other = table.alias()
    lately = or_(other.c.state == RowState.WAITING.value, other.c.ended_at >= before)
    return exists().where(other.c.channel == table.c.channel, other.c.thread == table.c.thread, lately)


def _end(control: Engine, taken: Queued, values: Mapping[str, Any]) -> None:
    """Only the sender that holds the claim has a word on how it ended."""
    mine = (table.c.seq == taken.seq, table.c.attempts == taken.attempts)
    with writing(control).begin() as connection:
        connection.execute(update(table).where(*mine).values(**values))


def _row(notice: Notice, channel: str, now: datetime) -> dict[str, Any]:
    return {
        "channel": channel,
        "notice_key": notice.key,
        "thread": notice.thread,
        "model": notice.model,
        "severity": notice.severity.value,
        "body": canonical_json(notice),
        "state": RowState.WAITING.value,
        "attempts": 0,
        "queued_at": now,
        "next_attempt_at": now,
    }


def _first(control: Engine, query: Select[Any]) -> Queued | None:
    with control.connect() as connection:
        row = connection.execute(query).first()
    return _queued(row) if row else None


def _queued(row: Row[Any], **changed: Any) -> Queued:
    fields = dict(row._mapping) | changed
    kept = {name: fields[name] for name in Queued.__dataclass_fields__ if name in fields}
    return Queued(**kept | {"notice": _NOTICE.validate_json(fields["body"]), "state": RowState(fields["state"])})
