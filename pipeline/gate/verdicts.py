"""Verdicts of the gate as the control store keeps them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert, select

from pipeline.gate.rules import RuleOutcome, RuleResult, Verdict, VerdictStatus
from pipeline.store import control as tables
from pipeline.store.engine import writing


@dataclass(frozen=True, kw_only=True)
class VerdictRecord:
    """A verdict over one version, against the champion of its time."""

    verdict_id: str
    model: str
    version: int
    champion_version: int | None
    at: datetime
    verdict: Verdict


def save_verdict(
    control: Engine, *, model: str, version: int, champion_version: int | None, verdict: Verdict, at: datetime
) -> VerdictRecord:
    with writing(control).begin() as connection:
        return add_verdict(
            connection, model=model, version=version, champion_version=champion_version, verdict=verdict, at=at
        )


def add_verdict(
    connection: Connection, *, model: str, version: int, champion_version: int | None, verdict: Verdict, at: datetime
) -> VerdictRecord:
    """Write a verdict under an id of its own, within the caller's transaction."""
    record = VerdictRecord(
        verdict_id=uuid4().hex, model=model, version=version, champion_version=champion_version, at=at, verdict=verdict
    )
    values = vars(record) | {"status": verdict.status.value, "body": verdict_body(verdict)}
    del values["verdict"]
    connection.execute(insert(tables.verdicts).values(**values))
    return record


def newest_verdict(control: Engine, model: str, version: int) -> VerdictRecord | None:
    """The last verdict over a version; None when it was never judged."""
    table = tables.verdicts
    query = select(table).where(table.c.model == model, table.c.version == version).order_by(table.c.at.desc()).limit(1)
    with control.connect() as connection:
        row = connection.execute(query).first()
    return _record(row._mapping) if row else None


def verdict_body(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON: status, the settling sentence, and every rule's result."""
    return {
        "status": verdict.status.value,
        "reason": verdict.reason,
        "results": [asdict(result) for result in verdict.results],
    }


def _record(row: Any) -> VerdictRecord:
    results = tuple(_result(body) for body in row["body"]["results"])
    return VerdictRecord(
        verdict_id=row["verdict_id"],
        model=row["model"],
        version=row["version"],
        champion_version=row["champion_version"],
        at=row["at"],
        verdict=Verdict(status=VerdictStatus(row["status"]), results=results),
    )


def _result(body: dict[str, Any]) -> RuleResult:
    interval = tuple(body["interval"]) if body["interval"] else None
    return RuleResult(**body | {"outcome": RuleOutcome(body["outcome"]), "interval": interval})
