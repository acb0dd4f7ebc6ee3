"""Drift that a retraining has answered: it saw the drift, and ended without a version that is better.

Pure: no clock, no files, no model calls. Each decision carries what was answered before it, so that a look need not
read further back than the last one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from agent.decision import DataStatus, Trigger, WindowScores
from agent.record.ledger import Entry, EntryKind
from agent.rules.signals import is_clear
from pipeline.gate.rules import VerdictStatus

USABLE = {status.value for status in DataStatus if status.usable}
SCORES = tuple(field.name for field in fields(WindowScores))


def answered_drift(
    decisions: Sequence[Entry], events: Sequence[Entry], generation: int, clear_now: bool
) -> WindowScores | None:
    """The largest scores that retrainings of this generation were made for and did not end in a promotion.

    They count once new labels clear the model, at a later decision (`clear_now`: at this look). `decisions` and
    `events` come newest first. A promotion begins a new generation, with a reference of its own, in which nothing is
    answered yet.
    """
    fruitless = {entry.decision_id for entry in events if _was_fruitless(entry)}
    ahead = fruitless & {entry.decision_id for entry in decisions}
    seen: list[WindowScores] = []
    carried, clear = None, clear_now
    for entry in decisions:
        evidence = entry.body.get("evidence", {})
        if evidence.get("champion", {}).get("generation") != generation:
            break
        carried = carried or evidence.get("history", {}).get("answered_drift")
        if clear and entry.decision_id in fruitless and Trigger.DRIFT in entry.body["bounds"]["triggers"]:
            seen += windows_of(evidence["drift"])
        clear = clear or _clears(entry.body)
        ahead -= {entry.decision_id}
        if not ahead:
            break  # further back there are only decisions of which the newest one carries what was answered
    return largest([*seen, *([_scores(carried)] if carried else [])])


def windows_of(drift: Mapping[str, Any]) -> list[WindowScores]:
    """The window of a decision and those that confirmed it."""
    return [_scores(drift), *map(_scores, drift.get("earlier_windows") or ())]


def largest(windows: Iterable[WindowScores]) -> WindowScores | None:
    """Score by score the largest; None for no window."""
    every = tuple(windows)
    if not every:
        return None
    known = {name: [score for one in every if (score := getattr(one, name)) is not None] for name in SCORES}
    return WindowScores(**{name: max(scores, default=None) for name, scores in known.items()})


def _was_fruitless(entry: Entry) -> bool:
    return entry.kind == EntryKind.TRAINED and entry.body.get("verdict") != VerdictStatus.PASSED


def _clears(body: Mapping[str, Any]) -> bool:
    """Whether new labels cleared the model at a decision; see agent.rules.signals.clears."""
    accuracy, rules = body.get("evidence", {}).get("accuracy", {}), body.get("rules", {})
    new = body.get("evidence", {}).get("training", {}).get("new_labels")
    if accuracy.get("status") not in USABLE or new is None or not rules:
        return False
    enough = new >= rules["retraining"]["min_new_labels"]
    return enough and is_clear(accuracy.get("p_below_floor"), rules["monitoring"]["accuracy_confidence"])


def _scores(body: Mapping[str, Any]) -> WindowScores:
    return WindowScores(**{name: body.get(name) for name in SCORES})
