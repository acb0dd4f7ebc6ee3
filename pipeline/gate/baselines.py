"""The baseline that a gate compares with, as the control store keeps it and as a small JSON file."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine, func, insert, select

from pipeline.errors import InputError
from pipeline.gate.evaluation import METRICS, Metrics
from pipeline.gate.evidence import Baseline
from pipeline.store import control as tables
from pipeline.store.engine import racing

FORMAT = 1


class BaselineFile(BaseModel):
    """The JSON of a baseline: which model, what was measured, on which rows."""

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    model: str
    source: str = Field(max_length=200)
    metrics: dict[str, float]
    rows: int = Field(ge=1)
    rows_sha256: str = Field(pattern="^[0-9a-f]{64}$")


def measured_baseline(metrics: Metrics, rows_sha256: str, source: str) -> Baseline:
    """A baseline of the metrics that a gate can ask for."""
    known = {name: getattr(metrics, name) for name in METRICS}
    return Baseline(metrics=known, rows=metrics.rows, rows_sha256=rows_sha256, source=source)


def baseline_json(model: str, baseline: Baseline) -> str:
    body = {"format": FORMAT, "model": model, **asdict(baseline)}
    return json.dumps(body, indent=1) + "\n"


def read_baseline(model: str, content: str) -> Baseline:
    """The baseline in a JSON file. Raises InputError that says what is wrong with it."""
    try:
        found = BaselineFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"This is no baseline: {place}: {first['msg']}.") from None
    if found.model != model:
        raise InputError(f"This baseline is of {found.model}, not of {model}.")
    missing = [name for name in METRICS if not 0.0 <= found.metrics.get(name, -1.0) <= 1.0]
    if missing:
        raise InputError(f"The baseline needs {', '.join(missing)}, each from 0 to 1.")
    return Baseline(metrics=found.metrics, rows=found.rows, rows_sha256=found.rows_sha256, source=found.source)


def stored_baseline(control: Engine, model: str) -> Baseline | None:
    """What the gate of a model compares with; None when nothing was imported."""
    table = tables.baselines
    query = select(table.c.body).where(table.c.model == model).order_by(table.c.seq.desc()).limit(1)
    with control.connect() as connection:
        body: Mapping[str, Any] | None = connection.execute(query).scalar()
    return Baseline(**body) if body else None


def store_baseline(control: Engine, model: str, baseline: Baseline, who: str, at: datetime) -> None:
    """Compare with this from now on; the ones before stay in the store."""
    table = tables.baselines
    with racing(control, "the baseline", model) as connection:
        last = connection.execute(select(func.max(table.c.seq)).where(table.c.model == model)).scalar() or 0
        row = {"model": model, "seq": last + 1, "at": at, "who": who, "body": asdict(baseline)}
        connection.execute(insert(table).values(**row))
