"""`export registry|labels|reports`: what the stores hold, one row a line, as JSON lines or as CSV. No message text."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from pipeline.catalog import catalog, managed_model
from pipeline.commands.common import err, stores, write_text
from pipeline.monitoring.figures import figures
from pipeline.monitoring.window import StoredReport, reports
from pipeline.records import Promotion, VersionRecord
from pipeline.releases.exports import plain
from pipeline.releases.promotion import promotions, versions
from pipeline.store import telemetry as tables
from pipeline.store.open import Store

MOST = 1_000_000
PAGE = 1_000
LABEL_COLUMNS = ("seq", "prediction_id", "model", "version", "prediction", "score", "label", "source", "at")

Row = Mapping[str, Any]


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


OneModel = Annotated[str | None, typer.Option("--model", help="One managed model; default: all of them.")]
AsFormat = Annotated[Format, typer.Option("--format", help="JSON lines, or CSV with a header.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines, whatever --format says.")]
Out = Annotated[Path | None, typer.Option("--out", help="A file; default: standard output.")]


def export_registry(model: OneModel = None, form: AsFormat = Format.JSONL, json: Json = False, out: Out = None) -> None:
    """Versions and moves of the champion, oldest first."""
    with stores() as store:
        rows = [row for name in names_of(model) for row in _registry(store, name)]
    write_rows(rows, form, json, out)


def export_labels(model: OneModel = None, form: AsFormat = Format.JSONL, json: Json = False, out: Out = None) -> None:
    """All labels with the answers that they judge, in the order they came; no text."""
    with stores() as store:
        names = set(names_of(model))
        rows = [row for row in _labels(store) if row["model"] in names]
    write_rows(rows, form, json, out)


def export_reports(model: OneModel = None, form: AsFormat = Format.JSONL, json: Json = False, out: Out = None) -> None:
    """The figures of all looks, oldest first."""
    with stores() as store:
        rows = [row for name in names_of(model) for row in _reports(store, name)]
    write_rows(rows, form, json, out)


def names_of(model: str | None) -> list[str]:
    """That model, or all. Raises UnknownModelError."""
    return [managed_model(model).name] if model else list(catalog())


def write_rows(rows: Sequence[Row], form: Format, json: bool, out: Path | None) -> None:
    """One line a row. Raises InputError where the file cannot be written."""
    text = _json_lines(rows) if json or form is Format.JSONL else _csv(rows)
    if out is None:
        sys.stdout.write(text)
        return
    write_text(out, text)
    err.print(f"{len(rows)} rows in {out}.", markup=False, highlight=False, soft_wrap=True)


def report_row(report: StoredReport) -> dict[str, Any]:
    """The figures of a look, whoever looked; None is unknown. Words of messages are left out."""
    drift, accuracy = figures(report.body)
    return {
        "seq": report.seq,
        "model": report.model,
        "generation": report.generation,
        "scheduled": report.scheduled,
        "at": report.at,
        "from_seq": report.from_seq,
        "to_seq": report.to_seq,
        "decision_id": report.body.get("decision_id"),
        "status": drift.get("status"),
        "messages": drift.get("messages"),
        "vocabulary_drift": drift.get("vocabulary_drift"),
        "tfidf_drift": drift.get("tfidf_drift"),
        "numeric_drift": drift.get("numeric_drift"),
        "accuracy": accuracy.get("estimate"),
        "accuracy_low": accuracy.get("low"),
        "accuracy_high": accuracy.get("high"),
        "p_below_floor": accuracy.get("p_below_floor"),
        "labelled": accuracy.get("labelled") or 0,
    }


def _registry(store: Store, model: str) -> Iterator[Row]:
    known: Iterable[VersionRecord] = reversed(versions(store.control, model, MOST))
    moves: Iterable[Promotion] = reversed(promotions(store.control, model, MOST))
    rows = [{"row": "version", "at": one.trained_at, **vars(one)} for one in known]
    rows += [{"row": "move", **vars(one)} for one in moves]
    yield from sorted(rows, key=lambda row: row["at"])


def _labels(store: Store) -> Iterator[Row]:
    """Labels with their predictions; a label whose prediction is not written yet has no model and is left out."""
    label, answer = tables.labels.c, tables.predictions.c
    columns = (
        *(label.seq, label.prediction_id, answer.model, answer.version, answer.prediction),
        *(answer.score, label.label, label.source, label.at),
    )
    joined = tables.labels.join(tables.predictions, label.prediction_id == answer.prediction_id)
    query = select(*columns).select_from(joined).order_by(label.seq)
    with store.telemetry.connect() as connection:
        for row in connection.execution_options(yield_per=PAGE).execute(query):
            yield dict(zip(LABEL_COLUMNS, row, strict=True))


def _reports(store: Store, model: str) -> Iterator[Row]:
    pages: list[tuple[StoredReport, ...]] = []
    before: int | None = None
    while found := reports(store.telemetry, model=model, limit=PAGE, before_seq=before):
        pages.append(found)
        before = found[-1].seq
    yield from (report_row(report) for page in reversed(pages) for report in reversed(page))


def _json_lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row, default=plain, ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: Sequence[Row]) -> str:
    """With the columns of all rows, in the order they come up; what a row does not have is empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=plain, ensure_ascii=False)
    return plain(value) if isinstance(value, datetime) else value
