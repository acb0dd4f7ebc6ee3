"""`export decisions`: the ledger, one row a decision, as JSON lines or as CSV."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from agent.commands.console import opened
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.ledger import Entry
from pipeline.commands.exporting import AsFormat, Format, Json, OneModel, Out, names_of, write_rows
from pipeline.store.open import Store

PAGE = 500
Since = Annotated[datetime | None, typer.Option(help="From this day on (UTC), such as 2026-11-01.")]


def export_decisions(
    model: OneModel = None,
    since: Since = None,
    form: AsFormat = Format.JSONL,
    json: Json = False,
    out: Out = None,
) -> None:
    """All decisions, oldest first: figures, rules that spoke, actions, and the steps that followed."""
    start = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    names = set(names_of(model))
    with opened() as (_, store):
        found = [entry for entry in _decisions(store) if start is None or entry.at >= start]
        rows = [_row(store, entry) for entry in reversed(found) if entry.model in names]
    write_rows(rows, form, json, out)


def _decisions(store: Store) -> Iterator[Entry]:
    before: int | None = None
    while page := ledger.decisions(store.control, None, PAGE, before):
        yield from page
        before = page[-1].seq


def _row(store: Store, entry: Entry) -> dict[str, Any]:
    body, events = entry.body, ledger.entries_of(store.control, entry.decision_id)[1:]
    seen = body.get("evidence") or {}
    drift, accuracy = seen.get("drift") or {}, seen.get("accuracy") or {}
    row: dict[str, Any] = to_plain(
        {
            "decision_id": entry.decision_id,
            "model": entry.model,
            "at": entry.at,
            "headline": body.get("headline"),
            "effective": (body.get("ruling") or {}).get("effective"),
            "decided_by": body.get("decided_by"),
            "scheduled": body.get("scheduled"),
            "champion": (seen.get("champion") or {}).get("version"),
            "messages": drift.get("messages"),
            "vocabulary_drift": drift.get("vocabulary_drift"),
            "tfidf_drift": drift.get("tfidf_drift"),
            "numeric_drift": drift.get("numeric_drift"),
            "accuracy": accuracy.get("estimate"),
            "p_below_floor": accuracy.get("p_below_floor"),
            "labelled": accuracy.get("labelled"),
            "rules": [fired.get("rule") for fired in (body.get("bounds") or {}).get("fired") or ()],
            "events": [event.kind for event in events],
            "hash": entry.hash,
        }
    )
    return row
