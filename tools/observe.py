"""Read-only tools of the deciding model: they look, and answer with numbers, enums and ids only.

What was measured for this decision comes from one snapshot, so a tool and the evidence cannot disagree. No text that a
stranger wrote is passed on: no message, no term of a pattern, no run name, no tag, no note, no reason in free text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import Field
from sqlalchemy import Engine

from pipeline.gate.verdicts import newest_verdict
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.monitoring.figures import figures
from pipeline.monitoring.window import StoredReport, reports
from pipeline.records import VersionRecord
from pipeline.releases.promotion import promotions, versions
from pipeline.store.open import Store
from tools.looking import Nothing, looking_tool
from tools.result import ToolResult, ToolStatus, no_data, ok
from tools.runs import RunQuery, differences, unknown_parameters

Numbers = Mapping[str, Any]

WINDOW_FIELDS = ("status", *DRIFT_SCORES, "messages")


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the read tools may look at. `evidence` and `rules` are the snapshot that this decision is made on."""

    model: str
    evidence: Numbers
    rules: Numbers
    store: Store
    history: Callable[[int], Sequence[Numbers]]
    slots: Callable[[], Numbers | None] = lambda: None
    run_metrics: Callable[[str], Mapping[str, float]] = field(default=lambda run_id: {})
    runs: Callable[[RunQuery], Sequence[Numbers]] = field(default=lambda query: [])
    run_parameters: tuple[str, ...] = ()


class Newest(Nothing):
    limit: int = Field(10, ge=1, le=50, description="How many, newest first.")


class TwoVersions(Nothing):
    first: int = Field(ge=1, description="A version number, such as 3.")
    second: int = Field(ge=1, description="Another version number.")


def observe_tools(sight: Sight) -> list[BaseTool]:
    """The read tools over one snapshot."""
    return [
        looking_tool(drift_report, sight, Nothing),
        looking_tool(drift_history, sight, Newest),
        looking_tool(accuracy_and_labels, sight, Nothing),
        looking_tool(versions_and_verdicts, sight, Newest),
        looking_tool(compare_versions, sight, TwoVersions),
        looking_tool(search_runs, sight, RunQuery),
        looking_tool(champion_and_slots, sight, Nothing),
        looking_tool(decision_history, sight, Newest),
        looking_tool(schedule_and_budget, sight, Nothing),
    ]


def drift_report(sight: Sight) -> ToolResult:
    """Vocabulary drift and TF-IDF drift (numeric drift for numeric features) of the current window against the
    champion's reference window, with the threshold, the window's size, its duplicate rate, and counts of new patterns
    (covariate shift, new campaigns)."""
    drift = sight.evidence["drift"]
    if all(drift.get(name) is None for name in ("vocabulary_drift", "tfidf_drift", "numeric_drift")):
        return ToolResult(status=ToolStatus.NO_DATA, data=drift, reason="This window supports no drift score.")
    return ok(**drift, drift_threshold=sight.rules["monitoring"]["drift_threshold"])


def drift_history(sight: Sight, limit: int = 10) -> ToolResult:
    """Drift and accuracy of earlier windows, newest first: whether drift is sudden, gradual or recurring."""
    found = reports(sight.store.telemetry, model=sight.model, limit=limit)
    return ok(windows=[_window(report) for report in found]) if found else no_data("the monitoring reports")


def accuracy_and_labels(sight: Sight) -> ToolResult:
    """Accuracy from labels with its interval, P(accuracy < floor), how many labels there are and how many more would
    decide it (concept shift shows here; few labels mean label delay)."""
    training = sight.evidence["training"]
    floor = sight.rules["monitoring"]["accuracy_floor"]
    return ok(**sight.evidence["accuracy"], accuracy_floor=floor, new_labels=training["new_labels"])


def versions_and_verdicts(sight: Sight, limit: int = 10) -> ToolResult:
    """The newest versions with what the gate said of each: status, and every rule's observed and required number."""
    known = versions(sight.store.control, sight.model, limit)
    if not known:
        return no_data("the versions of this model")
    return ok(versions=[_version(sight.store.control, version) for version in known])


def compare_versions(sight: Sight, first: int, second: int) -> ToolResult:
    """Two versions side by side: metrics logged at their training (cross-validation: accuracy, F1, log loss, ECE) with
    their differences (second less first), training rows, and what the gate measured."""
    known = {version.version: version for version in versions(sight.store.control, sight.model, 200)}
    missing = [number for number in (first, second) if number not in known]
    if missing:
        return no_data(f"the versions {missing} of this model")
    compared = [_compared(sight, known[number]) for number in (first, second)]
    return ok(versions=compared, differences=differences(compared[0]["metrics"], compared[1]["metrics"]))


def search_runs(sight: Sight, **given: Any) -> ToolResult:
    """Search the MLflow runs of this model's trainings: filter on metrics (at_least, at_most) and on hyperparameters
    (equals), order by a metric or by start_time, limit up to 50. A run with a winner is a whole search, one with a
    parent_run_id is one candidate of it."""
    query = RunQuery(**given)
    if unknown_parameters(query, sight.run_parameters):
        return no_data(f"the hyperparameters: there are {', '.join(sight.run_parameters) or 'none'}")
    found = list(sight.runs(query))
    return ok(runs=found, ordered_by=query.order_by.value) if found else no_data("the runs that fit these filters")


def champion_and_slots(sight: Sight) -> ToolResult:
    """Which version is champion and since when, the moves of the champion pointer, and what the service has loaded."""
    moves = promotions(sight.store.control, sight.model, 10)
    kept = ("generation", "kind", "from_version", "to_version")
    shown = [{name: getattr(move, name) for name in kept} for move in moves]
    return ok(champion=sight.evidence["champion"], moves=shown, loaded=sight.slots() or "unknown")


def decision_history(sight: Sight, limit: int = 10) -> ToolResult:
    """Earlier decisions, newest first: what was decided, by which rules, and what came of it."""
    found = list(sight.history(limit))
    return ok(decisions=found) if found else no_data("the ledger of decisions")


def schedule_and_budget(sight: Sight) -> ToolResult:
    """Time since the last training, cooldown, retrainings of the day, the brake, and what waits for approval."""
    return ok(training=sight.evidence["training"], history=sight.evidence["history"], limits=sight.rules["retraining"])


def _window(report: StoredReport) -> dict[str, Any]:
    drift, accuracy = figures(report.body)
    return {
        "generation": report.generation,
        "scheduled": report.scheduled,
        "at": report.at.isoformat(),
        **{name: drift.get(name) for name in WINDOW_FIELDS},
        **{f"accuracy_{name}": accuracy.get(name) for name in ("estimate", "p_below_floor", "labelled")},
    }


def _version(control: Engine, version: VersionRecord) -> dict[str, Any]:
    record = newest_verdict(control, version.model, version.version)
    said: dict[str, Any] = {"version": version.version, "training_rows": version.training_rows, "verdict": None}
    if record is None:
        return said
    results = [
        {"rule": r.rule, "outcome": r.outcome.value, "observed": r.observed, "required": r.required}
        for r in record.verdict.results
    ]
    return said | {"verdict": record.verdict.status.value, "judged_against": record.champion_version, "rules": results}


def _compared(sight: Sight, version: VersionRecord) -> dict[str, Any]:
    metrics = sight.run_metrics(version.run_id) if version.run_id else {}
    return _version(sight.store.control, version) | {"metrics": dict(metrics)}
