"""The versions of a model with verdicts, metrics and lineage, and what retrainings brought over time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.control_plane.views.sources import Sources
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.ledger import Entry, EntryKind
from pipeline.errors import RefitError
from pipeline.gate.verdicts import VerdictRecord, newest_verdict
from pipeline.records import Promotion, VersionRecord, version_tag
from pipeline.releases.promotion import pointer, promotions, version_record, versions
from pipeline.training.lineage import lineage_of

HAPPENED = (
    EntryKind.TRAINED,
    EntryKind.PROMOTED,
    EntryKind.PROMOTION_REFUSED,
    EntryKind.ROLLED_BACK,
    EntryKind.ROLLOUT,
    EntryKind.APPROVAL_REJECTED,
    EntryKind.EFFECT_FAILED,
    EntryKind.OUTCOME,
)
# What an event says in numbers, enums and our own sentences.
EVENT_FIELDS = (
    "version",
    "verdict",
    "reason",
    "seconds",
    "from_version",
    "to_version",
    "generation",
    "action",
    "event",
    "stage",
    "stages",
    "traffic",
    "why",
    "accuracy_before",
    "accuracy_after",
    "labels_spent",
    "labels_after",
    "hours_after",
)


def version_list(sources: Sources, name: str, limit: int) -> dict[str, Any]:
    """The newest versions, newest first, each with what the gate said of it last."""
    sources.spec_of(name)
    control = sources.store.control
    champion = pointer(control, name)
    rows = [_row(sources, version) for version in versions(control, name, limit)]
    found: dict[str, Any] = to_plain(
        {
            "model": name,
            "champion": champion.version if champion else None,
            "previous": champion.previous_version if champion else None,
            "versions": rows,
        }
    )
    return found


def one_version(sources: Sources, name: str, number: int) -> dict[str, Any] | None:
    """A version with metrics of its training, every rule of its verdict, and its lineage; None when there is none."""
    sources.spec_of(name)
    record = version_record(sources.store.control, name, number)
    if record is None:
        return None
    judged = newest_verdict(sources.store.control, name, number)
    metrics, trouble = _metrics(sources, record)
    found: dict[str, Any] = to_plain(
        {
            **_row(sources, record),
            "metrics": metrics,
            "metrics_trouble": trouble,
            "rules": [vars(result) for result in judged.verdict.results] if judged else [],
            "lineage": _lineage(lineage_of(sources.store.control, name, number)),
        }
    )
    return found


def timeline(sources: Sources, name: str, limit: int) -> dict[str, Any]:
    """What retrainings and releases brought, newest first; moves and trainings by hand are among it."""
    sources.spec_of(name)
    control = sources.store.control
    recorded = ledger.events(control, name, HAPPENED, limit)
    events = [_event(entry) for entry in recorded if _counts(entry)]
    events += [_move(move) for move in promotions(control, name, limit) if move.decision_id is None]
    events += [_training(version) for version in versions(control, name, limit) if version.decision_id is None]
    newest_first = sorted(events, key=lambda event: event["at"], reverse=True)
    found: dict[str, Any] = to_plain({"model": name, "events": newest_first[:limit]})
    return found


def _row(sources: Sources, version: VersionRecord) -> dict[str, Any]:
    judged = newest_verdict(sources.store.control, version.model, version.version)
    return {
        "version": version.version,
        "tag": version.tag,
        "trained_at": version.trained_at,
        "training_rows": version.training_rows,
        "artifact_bytes": version.artifact_bytes,
        "artifact_sha256": version.artifact_sha256,
        "run_id": version.run_id,
        "decision_id": version.decision_id,
        **_verdict(judged),
    }


def _verdict(judged: VerdictRecord | None) -> dict[str, Any]:
    if judged is None:
        return {"verdict": None, "judged_at": None, "judged_against": None, "verdict_reason": None}
    against = version_tag(judged.champion_version) if judged.champion_version else None
    said = {"verdict": judged.verdict.status, "judged_at": judged.at, "judged_against": against}
    return said | {"verdict_reason": judged.verdict.reason}


def _metrics(sources: Sources, version: VersionRecord) -> tuple[dict[str, float], str | None]:
    """Metrics by MLflow; where it does not answer, that is said and the rest is shown."""
    if version.run_id is None:
        return {}, "No run is recorded of this version."
    try:
        return dict(sources.run_metrics(version.run_id)), None
    except RefitError as error:
        return {}, str(error)
    except Exception as error:  # noqa: BLE001  MLflow raises what its store raises; the page shows the rest
        return {}, f"MLflow gave no metrics ({type(error).__name__})."


def _lineage(body: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a person asks first: code, data, split, search and winner; rows and packages are with the pipeline's own."""
    if body is None:
        return None
    environment, data = body.get("environment") or {}, body.get("data") or {}
    return {
        "code": (environment.get("code") or {}).get("revision"),
        "python": environment.get("python"),
        "packages": environment.get("packages") or {},
        "source": data.get("source"),
        "source_sha256": data.get("source_sha256"),
        "training_rows_sha256": data.get("training_rows_sha256"),
        "search": body.get("search") or {},
        "winner": body.get("winner") or {},
        "training_rows": body.get("training_rows") or [],
    }


def _counts(entry: Entry) -> bool:
    """Failures of telling people belong to the alerts."""
    return entry.kind != EntryKind.EFFECT_FAILED or entry.body.get("action") in ("retrain", "promote", "roll_back")


def _event(entry: Entry) -> dict[str, Any]:
    kept = {name: entry.body[name] for name in EVENT_FIELDS if entry.body.get(name) is not None}
    by = "the agent" if entry.kind != EntryKind.APPROVAL_REJECTED else str(entry.body.get("who") or "a person")
    return {"at": entry.at, "kind": entry.kind, "decision_id": entry.decision_id, "by": by, **kept}


def _move(move: Promotion) -> dict[str, Any]:
    kind = EntryKind.PROMOTED if move.kind == "promote" else EntryKind.ROLLED_BACK
    kept = {"from_version": move.from_version, "to_version": move.to_version, "generation": move.generation}
    return {"at": move.at, "kind": kind, "decision_id": None, "by": move.who, "why": move.why, **kept}


def _training(version: VersionRecord) -> dict[str, Any]:
    at: datetime = version.trained_at
    return {"at": at, "kind": EntryKind.TRAINED, "decision_id": None, "by": "a person", "version": version.version}
