"""One managed model as it stands: its row, what is loaded, what is tried, what the newest window showed."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import httpx

from agent.acting import approvals
from agent.control_plane.views.overview import model_row
from agent.control_plane.views.sources import Sources
from agent.record.canonical import to_plain
from pipeline.monitoring.window import StoredReport, reports
from pipeline.releases.pins import active_pin
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import current_rollout
from pipeline.spec import ModelSpec

TIMEOUT_SECONDS = 2.0
LATENCY = ("requests", "p50_ms", "p99_ms")


def one_model(sources: Sources, name: str) -> dict[str, Any]:
    spec, control, now = sources.spec_of(name), sources.store.control, sources.clock()
    waiting = approvals.pending(control, name, now)
    newest = next(iter(reports(sources.store.telemetry, model=name, limit=1)), None)
    rollout = current_rollout(control, name)
    found: dict[str, Any] = to_plain(
        {
            **model_row(sources, name, len(waiting)),
            "labels": spec.labels,
            "features": len(spec.feature_names),
            "rules": _rules(spec),
            "newest_window": _explained(newest) if newest else None,
            "rollout": _rollout(rollout) if rollout else None,
            "pin": active_pin(control, name, now),
            "served": sources.served(name),
        }
    )
    return found


def served_by(base_url: str, transport: httpx.BaseTransport | None = None) -> Callable[[str], dict[str, Any] | None]:
    """What the prediction service holds of a model and how fast it answers; None when it does not answer."""

    def ask(model: str) -> dict[str, Any] | None:
        try:
            with httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS, transport=transport) as http:
                current = _models(http.get("/models/current")).get(model)
                measured = _models(http.get("/metrics/performance")).get(model) or {}
        except (httpx.HTTPError, ValueError):
            return None
        return None if current is None else _loaded(current, measured)

    return ask


def _models(answer: httpx.Response) -> Mapping[str, Any]:
    answer.raise_for_status()
    body = answer.json()
    models = body.get("models") if isinstance(body, Mapping) else None
    return models if isinstance(models, Mapping) else {}


def _loaded(current: Mapping[str, Any], measured: Mapping[str, Any]) -> dict[str, Any]:
    latency = measured.get("latency") or {}
    return {
        "version": current.get("version"),
        "serving_since": current.get("serving_since"),
        "slots": [
            {"slot": name, "state": slot.get("state"), "version": slot.get("version")}
            for name, slot in (current.get("slots") or {}).items()
        ],
        "problems": [str(problem.get("message")) for problem in current.get("problems") or ()],
        "predictions_since_start": measured.get("predictions_since_start"),
        "latency": {part: latency.get(part) for part in LATENCY},
    }


def _rules(spec: ModelSpec) -> dict[str, Any]:
    return {
        "window_rows": spec.monitoring.window_rows,
        "schedule_days": spec.retraining.schedule_days,
        "cooldown_hours": spec.retraining.cooldown_hours,
        "min_new_labels": spec.retraining.min_new_labels,
        "strategy": spec.rollout.strategy,
    }


def _explained(report: StoredReport) -> dict[str, Any]:
    """The newest window in the sentences of the monitoring, which hold numbers alone."""
    drift, accuracy = report.body.get("drift") or {}, report.body.get("accuracy") or {}
    return {
        "at": report.at,
        "scheduled": report.scheduled,
        "drift": list(drift.get("explanation") or ()),
        "recommendation": drift.get("recommendation"),
        "causes": list(drift.get("causes") or ()),
        "accuracy": list(accuracy.get("explanation") or ()),
    }


def _rollout(rollout: Rollout) -> dict[str, Any]:
    stages = [asdict(stage) for stage in rollout.stages]
    return {
        "version": rollout.version,
        "champion_version": rollout.champion_version,
        "strategy": rollout.strategy,
        "stage": rollout.stage + 1,
        "stages": stages,
        "started_at": rollout.started_at,
        "at": rollout.at,
        "why": rollout.why,
    }
