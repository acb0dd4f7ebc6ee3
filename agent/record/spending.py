"""Reads what decisions and models cost: the ledger of a time, and what each model keeps in files and databases."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.costs import Cost, DecisionCost, by_model, decision_costs, total
from pipeline.store import telemetry
from pipeline.store.open import Store

# The bytes of a row of the log beside its input: numbers, ids, and the indexes over them.
ROW_BYTES = 200
SAMPLED_ROWS = 1_000
DEFAULT_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Bytes that a model keeps now. `log_bytes` is an estimate: its rows by the mean size of the newest thousand."""

    artifact_bytes: int
    report_bytes: int
    log_rows: int
    log_bytes: int

    @property
    def bytes(self) -> int:
        return self.artifact_bytes + self.report_bytes + self.log_bytes


def spending(store: Store, artifact_dir: Path, models: list[str], since: datetime, decisions: int) -> dict[str, Any]:
    """For people and scripts: the sum, each model with its storage, and the newest so many decisions."""
    found = costs_since(store.control, models, since)
    of = by_model(found)
    rows = [_model_row(store, artifact_dir, model, of.get(model, Cost())) for model in models]
    newest = sorted(found, key=lambda one: one.at, reverse=True)[:decisions]
    body: dict[str, Any] = to_plain({"since": since, "total": total(found), "models": rows, "decisions": newest})
    return body


def costs_since(control: Engine, models: list[str], since: datetime) -> list[DecisionCost]:
    return [cost for model in models for cost in decision_costs(ledger.since(control, model, since))]


def storage(store: Store, artifact_dir: Path, model: str) -> Storage:
    reports, rows = telemetry.reports.c, telemetry.predictions.c
    newest = select(rows.input).where(rows.model == model).order_by(rows.seq.desc()).limit(SAMPLED_ROWS).subquery()
    with store.telemetry.connect() as connection:
        body = func.length(func.cast(reports.body, telemetry.predictions.c.input.type))
        report_bytes = connection.execute(select(func.sum(body)).where(reports.model == model)).scalar() or 0
        count = connection.execute(select(func.count()).where(rows.model == model)).scalar() or 0
        mean = connection.execute(select(func.avg(func.length(newest.c.input)))).scalar() or 0
    files = (artifact_dir / model).rglob("*")
    return Storage(
        artifact_bytes=sum(file.stat().st_size for file in files if file.is_file()),
        report_bytes=int(report_bytes),
        log_rows=int(count),
        log_bytes=int(count * (float(mean) + ROW_BYTES)),
    )


def default_since(now: datetime) -> datetime:
    return now - timedelta(days=DEFAULT_DAYS)


def _model_row(store: Store, artifact_dir: Path, model: str, cost: Cost) -> dict[str, Any]:
    kept = storage(store, artifact_dir, model)
    return {"model": model, "cost": cost, "storage": kept, "storage_bytes": kept.bytes}
