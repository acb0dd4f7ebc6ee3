"""Searches the MLflow runs of one managed model: by logged metrics and hyperparameters, in any order, fifty at most.

Anybody who reaches MLflow can write a run. So an answer holds numbers under the names that the pipeline logs, ids, and
values of hyperparameters that the model's specification knows; names of runs, tags and other text are left out.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.durations import hours_between
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec

MOST_RUNS = 50
# The winner of a search is logged under this name, beside its hyperparameters.
WINNER = "winner"
_ID = re.compile(r"[0-9a-f]{8,64}")


class RunMetric(StrEnum):
    """What the pipeline logs of every run: means over the folds of the cross-validation."""

    F1 = "f1"
    ACCURACY = "accuracy"
    PRECISION = "precision"
    RECALL = "recall"
    LOG_LOSS = "log_loss"
    ECE = "ece"


class RunOrder(StrEnum):
    """What found runs are ordered by."""

    START_TIME = "start_time"
    F1 = "f1"
    ACCURACY = "accuracy"
    PRECISION = "precision"
    RECALL = "recall"
    LOG_LOSS = "log_loss"
    ECE = "ece"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MetricFilter(_Strict):
    metric: RunMetric
    at_least: float | None = Field(None, allow_inf_nan=False)
    at_most: float | None = Field(None, allow_inf_nan=False)


class ParameterFilter(_Strict):
    parameter: str = Field(pattern=r"^\w{1,40}$", description="A hyperparameter such as C or alpha, or winner.")
    equals: str = Field(pattern=r"^[\w.+-]{1,60}$", description="Its value as it was logged, such as 30.0.")


class RunQuery(_Strict):
    """Which runs to look for; every filter must hold."""

    metrics: list[MetricFilter] = Field(default_factory=list, max_length=6)
    parameters: list[ParameterFilter] = Field(default_factory=list, max_length=6)
    order_by: RunOrder = RunOrder.START_TIME
    descending: bool = True
    limit: int = Field(10, ge=1, le=MOST_RUNS)


def known_parameters(spec: ModelSpec) -> Mapping[str, frozenset[str]]:
    """The hyperparameters that runs of a model have, each with its values as MLflow keeps them."""
    known: dict[str, set[str]] = {WINNER: {candidate.name for candidate in spec.candidates}}
    for candidate in spec.candidates:
        for name, values in candidate.grid.items():
            known.setdefault(name, set()).update(str(value) for value in values)
    return {name: frozenset(values) for name, values in known.items()}


def filter_string(query: RunQuery) -> str:
    """The query in MLflow's own language. Its parts are enums, numbers and words without any quote."""
    bounds = [(f.metric, ">=", f.at_least) for f in query.metrics] + [
        (f.metric, "<=", f.at_most) for f in query.metrics
    ]
    parts = [f"metrics.`{metric}` {sign} {bound!r}" for metric, sign, bound in bounds if bound is not None]
    parts += [f"params.`{wanted.parameter}` = '{wanted.equals}'" for wanted in query.parameters]
    return " and ".join(parts)


def order(query: RunQuery) -> str:
    column = "attributes.start_time" if query.order_by is RunOrder.START_TIME else f"metrics.`{query.order_by}`"
    return f"{column} {'DESC' if query.descending else 'ASC'}"


def search_runs(settings: PipelineSettings, spec: ModelSpec, query: RunQuery) -> list[dict[str, Any]]:
    """The runs that fit, as `shown` gives them. Raises StoreError when MLflow is away."""
    # Imported here: MLflow takes a second, and most decisions search no runs.
    from pipeline.releases.registry import open_mlflow

    client = open_mlflow(settings)
    experiment = client.get_experiment_by_name(spec.name)
    if experiment is None:
        return []
    found = client.search_runs(
        [experiment.experiment_id], filter_string(query), max_results=query.limit, order_by=[order(query)]
    )
    known, now = known_parameters(spec), datetime.now(UTC)
    return [shown(run, known, now) for run in found]


def shown(run: Any, known: Mapping[str, frozenset[str]], now: datetime) -> dict[str, Any]:
    """One run in numbers, enums and ids; what the pipeline did not name is left out."""
    started = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    parent = str(run.data.tags.get("mlflow.parentRunId", ""))
    return {
        "run_id": str(run.info.run_id),
        "parent_run_id": parent if _ID.fullmatch(parent) else None,
        "hours_ago": round(hours_between(started, now), 1),
        "metrics": numbers(run.data.metrics),
        "parameters": {name: run.data.params[name] for name in known if run.data.params.get(name) in known[name]},
    }


def numbers(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that the pipeline logs, where they are numbers."""
    return {name.value: float(metrics[name]) for name in RunMetric if name in metrics and isfinite(metrics[name])}


def differences(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """Second less first, for every metric that both have."""
    return {name: round(second[name] - first[name], 6) for name in first if name in second}


def unknown_parameters(query: RunQuery, known: Sequence[str]) -> list[str]:
    return [wanted.parameter for wanted in query.parameters if wanted.parameter not in known]
