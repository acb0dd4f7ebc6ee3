"""The hash chain of the ledger: each entry's hash covers its fields, its very body and the hash before it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select

from pipeline.store.control import ledger as table

GENESIS = "0" * 64
VERIFY_BATCH = 1_000
# What the hash covers beside the body; `seq` is left out, since the database gives it after the hash is known.
HEAD = ("entry_id", "decision_id", "model", "kind", "at", "idempotency_key", "previous_hash")


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Whether the chain holds. `broken_at` is the first entry that does not follow from the one before it."""

    entries: int
    tip: str
    broken_at: int | None = None
    reason: str | None = None

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def entry_hash(head: Mapping[str, Any], text: str) -> str:
    """sha256 over the canonical JSON of an entry's head (HEAD fields), a line feed, and its body as it is stored."""
    plain = {name: _plain(head[name]) for name in HEAD}
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{canonical}\n{text}".encode()).hexdigest()


def verify_chain(control: Engine) -> Verification:
    """Walk the whole chain. What was cut off at its end shows only against a tip that was noted elsewhere."""
    count, tip, after = 0, GENESIS, 0
    while True:
        with control.connect() as connection:
            query = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(VERIFY_BATCH)
            batch = [dict(row) for row in connection.execute(query).mappings()]
        if not batch:
            return Verification(entries=count, tip=tip)
        for entry in batch:
            reason = _why_broken(entry, tip)
            if reason:
                return Verification(entries=count, tip=tip, broken_at=entry["seq"], reason=reason)
            count, tip, after = count + 1, entry["hash"], entry["seq"]


def _why_broken(entry: Mapping[str, Any], tip: str) -> str | None:
    if entry["previous_hash"] != tip:
        return "an entry before it was removed, inserted or altered"
    return None if entry["hash"] == entry_hash(entry, entry["body"]) else "its content does not give its hash"


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
