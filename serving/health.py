"""What the service says about itself: alive, ready, degraded, and why. Pure: no clock, no files, no model calls."""

from collections.abc import Sequence
from typing import Any

from pipeline.records import Pin, VersionRecord, version_tag
from pipeline.spec import ModelSpec
from serving.prediction_log import LogState
from serving.routing import Slot
from serving.slots import Problem, Slots, Trial

# A follower that has not finished a look for so many polls hangs in a connection or has died.
MISSED_POLLS = 30


def health(
    slots: Slots, log: LogState, default_model: str, poll_seconds: float, seconds_since_look: float | None
) -> dict[str, Any]:
    """Ready means that the default model has a champion; degraded means that somebody should look."""
    ready = slots.get(default_model, Slot.CHAMPION) is not None
    problems = [found for model in slots.models for found in slots.problems(model)]
    sentences = [found.message for found in problems] + _own(log, poll_seconds, seconds_since_look)
    if not ready and not problems:
        sentences.insert(0, f"{default_model} has no champion yet: python -m pipeline train {default_model}")
    return {
        "status": "unavailable" if not ready else "degraded" if sentences else "ok",
        "live": True,
        "ready": ready,
        "reasons": sentences,
        "models": {model: _model(slots, model) for model in slots.models},
        "prediction_log": {
            "waiting": log.waiting,
            "written": log.written,
            "dropped": log.dropped,
            "spooled": log.spooled,
        },
    }


def current(slots: Slots, model: str) -> dict[str, Any]:
    """What is loaded for one model, slot by slot."""
    champion = slots.get(model, Slot.CHAMPION)
    pointer = champion.pointer if champion else None
    return {
        "version": champion.tag if champion else None,
        "generation": pointer.generation if pointer else None,
        "artifact_sha256": pointer.artifact_sha256 if pointer else None,
        "serving_since": champion.since.isoformat() if champion else None,
        "promoted_at": pointer.promoted_at.isoformat() if pointer else None,
        "previous_version": version_tag(pointer.previous_version) if pointer and pointer.previous_version else None,
        "slots": {slot.value: _slot(slots, model, slot) for slot in Slot},
        "rollout": _rollout(slots.trial(model)),
        "pin": _pin(slots.pins[model]),
        "problems": _problems(slots.problems(model)),
    }


def listing(spec: ModelSpec, slots: Slots) -> dict[str, Any]:
    """A managed model as the list of models shows it."""
    champion = slots.get(spec.name, Slot.CHAMPION)
    return {
        "name": spec.name,
        "title": spec.title,
        "labels": list(spec.labels),
        "ready": champion is not None,
        "version": champion.tag if champion else None,
        "strategy": spec.rollout.strategy.value,
    }


def version_listing(record: VersionRecord, slot: str | None) -> dict[str, Any]:
    """A version as the list of versions shows it; `slot` is where this process holds it."""
    return {
        "version": record.tag,
        "slot": slot,
        "trained_at": record.trained_at.isoformat(),
        "training_rows": record.training_rows,
        "artifact_sha256": record.artifact_sha256,
        "artifact_bytes": record.artifact_bytes,
    }


def _rollout(trial: Trial | None) -> dict[str, Any] | None:
    """What is tried, how far it is, and what this process has seen of it."""
    if trial is None:
        return None
    rollout, figures = trial.rollout, trial.figures
    return {
        "rollout_id": rollout.rollout_id,
        "version": trial.tag,
        "strategy": rollout.strategy.value,
        "stage": rollout.stage + 1,
        "stages": len(rollout.stages),
        "traffic": rollout.now.traffic.value,
        "share": rollout.now.share,
        "since": rollout.at.isoformat(),
        "compared": figures.pairs,
        "min_requests": rollout.now.min_requests,
        "disagreements": figures.disagreements,
        "errors": figures.errors,
        "answered": {version_tag(version): number for version, number in sorted(figures.answered.items())},
    }


def _pin(pin: Pin | None) -> dict[str, Any] | None:
    if pin is None:
        return None
    until = pin.until.isoformat() if pin.until else None
    said = {"pin": pin.seq, "version": version_tag(pin.version), "who": pin.who, "why": pin.why}
    return {**said, "at": pin.at.isoformat(), "lift_when": pin.lift_when, "until": until}


def _slot(slots: Slots, model: str, slot: Slot) -> dict[str, Any]:
    loaded = slots.held(model, slot)
    return {
        "state": slots.state(model, slot).value,
        "version": loaded.tag if loaded else None,
        "artifact_sha256": loaded.artifact.sha256 if loaded else None,
    }


def _model(slots: Slots, model: str) -> dict[str, Any]:
    champion = slots.get(model, Slot.CHAMPION)
    return {
        "ready": champion is not None,
        "version": champion.tag if champion else None,
        "problems": _problems(slots.problems(model)),
    }


def _problems(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"code": found.code, "message": found.message, "since": found.since.isoformat()} for found in problems]


def _own(log: LogState, poll_seconds: float, seconds_since_look: float | None) -> list[str]:
    """What is wrong with the process itself, apart from any model."""
    found = [log.problem] if log.problem else []
    if log.dropped or log.refused:
        found.append(f"{log.dropped + log.refused} predictions were answered but not logged since the start.")
    if seconds_since_look is not None and seconds_since_look > MISSED_POLLS * poll_seconds:
        found.append(
            f"The control store was last looked at {seconds_since_look:.0f} s ago; promotions are not followed."
        )
    return found
