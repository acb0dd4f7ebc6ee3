"""Every managed model in a row: its light, what serves, the newest figures, what the agent thinks."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from agent.acting import approvals
from agent.control_plane.views.lights import Seen, standing
from agent.control_plane.views.series import lines_of, newest_scores
from agent.control_plane.views.sources import Sources
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.ledger import Entry
from pipeline.durations import hours_between
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.records import Pointer, version_tag
from pipeline.releases.promotion import pointer
from pipeline.spec import TextInput

SPARK_WINDOWS = 30
ACCURACY = ("estimate", "low", "high", "p_below_floor", "labelled")


def overview(sources: Sources) -> dict[str, Any]:
    """The rows of all models, by name."""
    asked = approvals.pending(sources.store.control, None, sources.clock())
    waiting = Counter(approval.binding.model for approval in asked)
    rows = [model_row(sources, name, waiting[name]) for name in sorted(sources.loops)]
    found: dict[str, Any] = to_plain({"at": sources.clock(), "models": rows})
    return found


def model_row(sources: Sources, name: str, waiting: int) -> dict[str, Any]:
    """One model: light, champion, newest figures and lines, what the agent thinks of it."""
    spec, control = sources.spec_of(name), sources.store.control
    champion = pointer(control, name)
    entry = next(iter(ledger.decisions(control, name, limit=1)), None)
    seen = _seen(sources, name, champion, entry, waiting)
    stands = standing(seen)
    drift, accuracy = seen.part("evidence", "drift") or {}, seen.part("evidence", "accuracy") or {}
    return {
        "model": name,
        "title": spec.title,
        "kind": "text" if isinstance(spec.input, TextInput) else "numeric",
        "light": stands.light,
        "why": stands.why,
        "champion": version_tag(champion.version) if champion else None,
        "generation": champion.generation if champion else 0,
        "promoted_at": champion.promoted_at if champion else None,
        "autonomy": sources.loops[name].autonomy,
        "waiting": waiting,
        "lines": lines_of(spec),
        "drift": max((drift[score] for score in DRIFT_SCORES if drift.get(score) is not None), default=None),
        "accuracy": {part: accuracy.get(part) for part in ACCURACY},
        "recent_drift": newest_scores(sources.store.telemetry, name, SPARK_WINDOWS),
        "last_decision": thought_of(entry) if entry else None,
    }


def _seen(sources: Sources, name: str, champion: Pointer | None, entry: Entry | None, waiting: int) -> Seen:
    return Seen(
        version=champion.version if champion else None,
        generation=champion.generation if champion else 0,
        decision=entry.body if entry else None,
        hours_since_look=hours_between(entry.at, sources.clock()) if entry else None,
        look_every_hours=sources.look_every_hours(name),
        waiting=waiting,
    )


def thought_of(entry: Entry) -> dict[str, Any]:
    """A decision in short: what, by whom, and why in the agent's words, or else in those of the rules."""
    body = entry.body
    thought = body.get("deliberation") or {}
    kept = thought.get("proposal") or thought.get("advice") or {}
    said = [*(kept.get("reasons") or ()), *_sentences(body)]
    return {
        "decision_id": entry.decision_id,
        "at": entry.at,
        "headline": body.get("headline"),
        "decided_by": body.get("decided_by"),
        "scheduled": body.get("scheduled"),
        "diagnosis": kept.get("diagnosis"),
        "reason_code": thought.get("reason_code"),
        "thinks": said[0] if said else None,
        "reasons": said,
    }


def _sentences(body: Mapping[str, Any]) -> list[str]:
    return [str(rule.get("sentence")) for rule in (body.get("bounds") or {}).get("fired") or ()]
