"""Drift that a retraining has answered: it saw the drift, and ended without a version that is better.

Pure: no clock, no files, no model calls. Each decision carries what was answered before it, so that of those before a
look only the last one is read, and those that the retrainings were made for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from agent.decision import Trigger
from agent.evidence import WindowScores
from agent.record.ledger import Entry, EntryKind
from pipeline.gate.rules import VerdictStatus


def answered_drift(
    newest: Entry | None, made_for: Sequence[Entry], events: Sequence[Entry], generation: int, clear_now: bool
) -> WindowScores | None:
    """The largest scores that retrainings of this generation were made for and did not end in a promotion.

    They count once new labels clear the model at a later look (`clear_now`: at this one). `newest` is the decision
    before this one, which carries what was answered by then, and `made_for` are those of the retrainings. A promotion
    begins a new generation, with a reference of its own, in which nothing is answered yet.
    """
    fruitless = {entry.decision_id for entry in events if _was_fruitless(entry)}
    seen: list[WindowScores] = []
    for entry in made_for if clear_now else ():
        for_drift = Trigger.DRIFT in entry.body.get("bounds", {}).get("triggers", ())
        if for_drift and entry.decision_id in fruitless and _is_of(entry, generation):
            seen += windows_of(entry.body["evidence"]["drift"])
    if newest is not None and _is_of(newest, generation):
        carried = newest.body["evidence"].get("history", {}).get("answered_drift")
        seen += [WindowScores.among(carried)] if carried else []
    return largest(seen)


def windows_of(drift: Mapping[str, Any]) -> list[WindowScores]:
    """The window of a decision and those that confirmed it."""
    return [WindowScores.among(drift), *map(WindowScores.among, drift.get("earlier_windows") or ())]


def largest(windows: Iterable[WindowScores]) -> WindowScores | None:
    """Score by score the largest; None for no window."""
    every = tuple(windows)
    if not every:
        return None
    names = [item.name for item in fields(WindowScores)]
    known = {name: [score for one in every if (score := getattr(one, name)) is not None] for name in names}
    return WindowScores(**{name: max(scores, default=None) for name, scores in known.items()})


def _was_fruitless(entry: Entry) -> bool:
    return entry.kind == EntryKind.TRAINED and entry.body.get("verdict") != VerdictStatus.PASSED


def _is_of(entry: Entry, generation: int) -> bool:
    of: int | None = entry.body.get("evidence", {}).get("champion", {}).get("generation")
    return of == generation
