"""Messages for people: examples of a class, new patterns, the label queue; and the labels that people give.

What strangers wrote goes to who may read it (sources.require_text) and nowhere else.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from agent.control_plane.views.sources import Sources
from agent.errors import ApiError
from agent.record.canonical import to_plain
from pipeline.errors import RefitError
from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.labels.queue import LabelQueue, QueueItem, label_queue
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.window import latest_window, reports
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE
from pipeline.records import LabelledPrediction, Pointer, RowInput
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.spec import ModelSpec
from pipeline.store.telemetry import predictions as table

# Reports of windows that held nothing new are passed over, up to so many.
REPORTS_LOOKED_AT = 20
LONGEST_SHOWN = 600


def examples(sources: Sources, name: str, label: int, limit: int) -> dict[str, Any]:
    """The newest answers of the champion that are of one class, newest first."""
    spec, champion = sources.spec_of(name), pointer(sources.store.control, name)
    found: list[LabelledPrediction] = []
    if champion is not None:
        rows = spec.monitoring.window_rows
        window = latest_window(sources.store.telemetry, model=name, version=champion.version, rows=rows)
        found = [entry for entry in reversed(window.predictions) if entry.record.prediction == label][:limit]
    plain: dict[str, Any] = to_plain(
        {"model": name, "label": spec.labels[label], "examples": [_example(spec, entry) for entry in found]}
    )
    return plain


def patterns(sources: Sources, name: str, with_terms: bool) -> dict[str, Any]:
    """The new patterns of the newest window that had any; their words only for who may read messages."""
    spec = sources.spec_of(name)
    recent = reports(sources.store.telemetry, model=name, limit=REPORTS_LOOKED_AT)
    newest = next((report for report in recent if (report.body.get("drift") or {}).get("new_patterns")), None)
    given = newest.body["drift"]["new_patterns"] if newest else []
    kept = ("count", "share", "lift", *(("terms",) if with_terms else ()))
    plain: dict[str, Any] = to_plain(
        {
            "model": spec.name,
            "at": newest.at if newest else None,
            "decision_id": newest.body.get("decision_id") if newest else None,
            "windows_looked_at": len(recent),
            "with_terms": with_terms,
            "patterns": [{part: pattern.get(part) for part in kept} for pattern in given],
        }
    )
    return plain


def queue(sources: Sources, name: str, limit: int) -> dict[str, Any]:
    """The messages whose labels say most, in order. The model's answer is left out: people would lean towards it."""
    spec, champion = sources.spec_of(name), pointer(sources.store.control, name)
    found = _queue(sources, spec, champion, limit) if champion else None
    plain: dict[str, Any] = to_plain(
        {
            "model": name,
            "labels": spec.labels,
            "waiting": found.waiting if found else 0,
            "window": found.window if found else 0,
            "labelled": found.labelled if found else 0,
            "items": [_item(spec, item) for item in found.items] if found else [],
        }
    )
    return plain


def give_labels(sources: Sources, name: str, given: Sequence[tuple[str, str]], at: datetime) -> dict[str, int]:
    """Write labels, each a prediction and the name of its class, as asked for in the order of the queue.

    Raises ApiError for a prediction that is not this model's, or a class that it does not have.
    """
    spec = sources.spec_of(name)
    unknown = {prediction_id for prediction_id, _ in given} - _known(sources, name, [one for one, _ in given])
    if unknown:
        raise ApiError(404, "unknown_prediction", f"{len(unknown)} of these are no predictions of {name}. Look again.")
    entries = [
        LabelEntry(prediction_id=prediction_id, label=_label(spec, label), source=QUEUE_SOURCE, at=at)
        for prediction_id, label in given
    ]
    done = record_labels(sources.store.telemetry, entries)
    return {"recorded": done.new, "repeated": done.repeated}


def _label(spec: ModelSpec, label: str) -> int:
    try:
        return spec.label_index(label)
    except ValueError:
        raise ApiError(422, "invalid_input", f"The classes of {spec.name} are {', '.join(spec.labels)}.") from None


def _known(sources: Sources, name: str, ids: Sequence[str]) -> set[str]:
    query = select(table.c.prediction_id).where(table.c.prediction_id.in_(ids), table.c.model == name)
    with sources.store.telemetry.connect() as connection:
        return set(connection.execute(query).scalars())


def _queue(sources: Sources, spec: ModelSpec, champion: Pointer, limit: int) -> LabelQueue:
    profile = _profile(sources, spec, champion)
    now = datetime.now(UTC)
    return label_queue(sources.store.telemetry, spec=spec, champion=champion, profile=profile, limit=limit, now=now)


def _profile(sources: Sources, spec: ModelSpec, champion: Pointer) -> Profile | None:
    """Without its artefact the confidence of the model's answers gives the order."""
    try:
        path = artifact_path(sources.artifact_dir, spec.name, champion.artifact_sha256)
        return load_artifact(path, champion.artifact_sha256).profile
    except RefitError:
        return None


def _item(spec: ModelSpec, item: QueueItem) -> dict[str, Any]:
    record = item.record
    return {"prediction_id": record.prediction_id, "at": record.at, **_shown(spec, record.input)}


def _example(spec: ModelSpec, entry: LabelledPrediction) -> dict[str, Any]:
    record = entry.record
    true = None if entry.label is None else spec.labels[entry.label]
    said = {"prediction_id": record.prediction_id, "at": record.at, "score": record.score, "true_label": true}
    return said | _shown(spec, record.input)


def _shown(spec: ModelSpec, value: RowInput) -> dict[str, Any]:
    """A text as it came, shortened; numbers under the names of their features."""
    if isinstance(value, str):
        text = value.encode("utf-8", "backslashreplace").decode("utf-8")
        return {"text": text[:LONGEST_SHOWN] + ("…" if len(text) > LONGEST_SHOWN else ""), "numbers": None}
    return {"text": None, "numbers": dict(zip(spec.feature_names, value, strict=False))}
