"""The record of decisions: append-only, one hash chain over decisions and the events that follow them.

An entry's hash covers its fields, its very body and the hash before it, so an altered, removed or inserted entry shows.
`previous_hash` is unique in the database: two processes that append at once cannot both follow the same entry.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from agent.actions import Action
from agent.errors import LedgerError, UnknownDecisionError
from agent.record.canonical import canonical_json
from pipeline.store.chain import GENESIS, Verification, entry_hash, verify_chain
from pipeline.store.control import ledger as table
from pipeline.store.engine import snapshot, writing

# Each round that loses a race means that somebody else appended; far more rounds than agents are never needed.
APPEND_ROUNDS = 50
# The clocks of machines that write one ledger differ by less.
CLOCKS_DIFFER = timedelta(hours=1)


class EntryKind(StrEnum):
    """A decision, or an event that was appended to one."""

    DECISION = "decision"
    EFFECT_STARTED = "effect_started"
    EFFECT_DONE = "effect_done"
    EFFECT_FAILED = "effect_failed"
    TRAINED = "trained"
    PROMOTED = "promoted"
    PROMOTION_REFUSED = "promotion_refused"
    ROLLED_BACK = "rolled_back"
    ROLLOUT = "rollout"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_GRANTED = "approval_granted"
    APPROVAL_REJECTED = "approval_rejected"
    APPROVAL_EXPIRED = "approval_expired"
    CLOSED = "closed"
    OUTCOME = "outcome"


# What moved the champion.
MOVES = (EntryKind.PROMOTED, EntryKind.ROLLED_BACK)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry as it stands in the ledger. `text` is the canonical JSON that the hash covers, `body` what it says."""

    seq: int
    entry_id: str
    decision_id: str
    model: str
    kind: str
    at: datetime
    idempotency_key: str | None
    text: str
    previous_hash: str
    hash: str

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """Read when it is first asked for: a look goes through hundreds of entries and needs the bodies of a few."""
        return _parsed(self.text)


@dataclass(frozen=True, kw_only=True)
class ClosedUpTo:
    """All decisions of a model before `seq` are closed, in every ledger that holds the entry `tip`.

    Each entry carries the hash of the one before it, so who holds the tip holds all that led to it.
    """

    seq: int
    tip: str


def append(
    control: Engine,
    *,
    decision_id: str,
    model: str,
    kind: EntryKind,
    at: datetime,
    body: object,
    key: str | None = None,
) -> Entry:
    """Append one entry and return it; an entry whose `key` is there already is returned as it is, not written again.

    Raises LedgerError when other processes win every round.
    """
    text = canonical_json(body)
    for _ in range(APPEND_ROUNDS):
        try:
            with writing(control).begin() as connection:
                existing = _by_key(connection, key)
                return existing or _insert(connection, decision_id, model, kind, at, text, key)
        except IntegrityError:
            continue  # another process appended first: read the new tip, or find its entry under our key
    raise LedgerError(f"The ledger could not be written after {APPEND_ROUNDS} rounds. Are many agents running at once?")


def decisions(control: Engine, model: str | None = None, limit: int = 50, before_seq: int | None = None) -> list[Entry]:
    """The newest decisions, newest first; the last number of a page as `before_seq` gives the next page."""
    query = select(table).where(table.c.kind == EntryKind.DECISION.value)
    if model is not None:
        query = query.where(table.c.model == model)
    if before_seq is not None:
        query = query.where(table.c.seq < before_seq)
    return _read(control, query.order_by(table.c.seq.desc()).limit(limit))


def entries_of(control: Engine, decision_id: str) -> list[Entry]:
    """A decision and its events, in order. Raises UnknownDecisionError when there is none of that id."""
    found = _read(control, select(table).where(table.c.decision_id == decision_id).order_by(table.c.seq))
    if not found:
        raise UnknownDecisionError(f"There is no decision {decision_id}. List them: python -m agent decisions")
    return found


def events(
    control: Engine, model: str, kinds: Sequence[EntryKind], limit: int = 200, action: Action | None = None
) -> list[Entry]:
    """The newest events of some kinds, and of one action where one is named, newest first."""
    wanted = [kind.value for kind in kinds]
    query = select(table).where(table.c.model == model, table.c.kind.in_(wanted))
    if action is not None:
        query = query.where(table.c.body.contains(f'"action":{canonical_json(action)}', autoescape=True))
    return _read(control, query.order_by(table.c.seq.desc()).limit(limit))


def of_decisions(control: Engine, decision_ids: Iterable[str], kind: EntryKind) -> list[Entry]:
    """The entries of one kind that belong to some decisions, newest first."""
    wanted = sorted(set(decision_ids))
    if not wanted:
        return []
    query = select(table).where(table.c.decision_id.in_(wanted), table.c.kind == kind.value)
    return _read(control, query.order_by(table.c.seq.desc()))


def since(control: Engine, model: str, at: datetime) -> list[Entry]:
    """Every entry of a model from that time on, in order."""
    query = select(table).where(table.c.model == model, table.c.at >= at.astimezone(UTC))
    return _read(control, query.order_by(table.c.seq))


def asked_since(control: Engine, at: datetime) -> list[Entry]:
    """The decisions of every model from that time on for which a deciding model was asked, newest first.

    The walk ends at the first entry that is clearly older, so it is as long as that time, not as the ledger.
    """
    since = at.astimezone(UTC)
    older = select(table.c.seq).where(table.c.at < since - CLOCKS_DIFFER).order_by(table.c.seq.desc()).limit(1)
    query = select(table).where(
        table.c.seq > func.coalesce(older.scalar_subquery(), 0),
        table.c.kind == EntryKind.DECISION.value,
        table.c.at >= since,
        table.c.body.contains('"asked":true', autoescape=True),
    )
    return _read(control, query.order_by(table.c.seq.desc()))


def after(control: Engine, seq: int, limit: int) -> list[Entry]:
    """The entries behind a number, in order.

    None appears later with a smaller number than one that was read: each carries the hash of the one before it.
    """
    return _read(control, select(table).where(table.c.seq > seq).order_by(table.c.seq).limit(limit))


def unfinished(control: Engine, model: str, known: dict[str, ClosedUpTo] | None = None) -> list[Entry]:
    """Decisions that were recorded and never closed, oldest first: a kill or a pending approval left them so.

    Who asks again and again keeps `known` between the calls, by model: what was closed stays closed, so each call goes
    through what was recorded since the last one and not through the whole record of the model.
    """
    before = known.get(model) if known else None
    with snapshot(control) as connection:
        start = before.seq if before and _has_entry(connection, before.tip) else 0
        tip = connection.execute(select(table.c.seq, table.c.entry_id).order_by(table.c.seq.desc()).limit(1)).first()
        found = [_entry(row) for row in connection.execute(_unclosed(model, start))]
    if known is not None and tip is not None:
        known[model] = ClosedUpTo(seq=found[0].seq if found else tip.seq + 1, tip=tip.entry_id)
    return found


def counts(control: Engine) -> dict[tuple[str, str], int]:
    """How many entries there are by model and kind; an index answers it."""
    query = select(table.c.model, table.c.kind, func.count()).group_by(table.c.model, table.c.kind)
    with control.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def knows(control: Engine, decision_id: str) -> bool:
    """Whether a decision of that id stands in the ledger."""
    query = select(table.c.seq).where(table.c.decision_id == decision_id, table.c.kind == EntryKind.DECISION.value)
    with control.connect() as connection:
        return connection.execute(query).first() is not None


def has(control: Engine, key: str) -> bool:
    with control.connect() as connection:
        return _by_key(connection, key) is not None


def keys_among(control: Engine, keys: Collection[str]) -> set[str]:
    """Those of the keys that entries were written under."""
    column = table.c.idempotency_key
    with control.connect() as connection:
        return set(connection.execute(select(column).where(column.in_(keys))).scalars())


def holds(control: Engine, digest: str) -> bool:
    """Whether an entry with that hash stands in the ledger."""
    with control.connect() as connection:
        return connection.execute(select(table.c.seq).where(table.c.hash == digest)).first() is not None


def verify(control: Engine) -> Verification:
    """Walk the whole chain. What was cut off at its end shows only against a tip that was noted elsewhere."""
    return verify_chain(control)


def _insert(
    connection: Connection, decision_id: str, model: str, kind: EntryKind, at: datetime, text: str, key: str | None
) -> Entry:
    newest = select(table.c.hash).order_by(table.c.seq.desc()).limit(1)
    fields: dict[str, Any] = {
        "entry_id": uuid4().hex,
        "decision_id": decision_id,
        "model": model,
        "kind": kind.value,
        "at": at.astimezone(UTC),
        "idempotency_key": key,
        "previous_hash": connection.execute(newest).scalar() or GENESIS,
    }
    fields["hash"] = entry_hash(fields, text)
    written = connection.execute(insert(table).values(**fields, body=text)).inserted_primary_key
    return Entry(seq=written[0] if written else 0, **fields, text=text)


def _unclosed(model: str, start: int) -> Select[Any]:
    closed = table.alias("closed")
    ended = select(closed.c.seq).where(
        closed.c.decision_id == table.c.decision_id, closed.c.kind == EntryKind.CLOSED.value
    )
    decided = table.c.model == model, table.c.kind == EntryKind.DECISION.value, table.c.seq >= start
    return select(table).where(*decided, ~ended.correlate(table).exists()).order_by(table.c.seq)


def _has_entry(connection: Connection, entry_id: str) -> bool:
    return connection.execute(select(table.c.seq).where(table.c.entry_id == entry_id)).first() is not None


def _by_key(connection: Connection, key: str | None) -> Entry | None:
    if key is None:
        return None
    row = connection.execute(select(table).where(table.c.idempotency_key == key)).first()
    return _entry(row) if row else None


def _read(control: Engine, query: Select[Any]) -> list[Entry]:
    with control.connect() as connection:
        return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row[Any]) -> Entry:
    fields = dict(row._mapping)
    text = fields.pop("body")
    return Entry(**fields, text=text)


def _parsed(text: str) -> Mapping[str, Any]:
    """The body as data; an altered one that is no JSON any more reads as empty, and `verify` reports it."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
