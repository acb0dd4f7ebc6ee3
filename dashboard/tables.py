"""Answers of the agent as tables. Pure: no clock, no files, no requests."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from dashboard import words
from dashboard.answers.decisions import DecisionRow, Figure
from dashboard.answers.messages import Shown
from dashboard.answers.models import ModelRow, Overview, Slot
from dashboard.answers.versions import Event, Version, VersionRow


def counts(overview: Overview) -> dict[str, int]:
    """How many models are in each light, the worst first."""
    lights = [row.light for row in overview.models]
    return {light: lights.count(light) for light in words.LAMPS}


def chosen(rows: Iterable[ModelRow], light: str | None, search: str) -> list[ModelRow]:
    """The rows of one light (None: all) whose name, title or reason holds every word of `search`; the worst first."""
    wanted = search.lower().split()
    found = [row for row in rows if light is None or row.light == light]
    found = [row for row in found if all(word in _searched(row) for word in wanted)]
    return sorted(found, key=lambda row: (words.lamp(row.light).rank, -row.waiting, row.model))


def _searched(row: ModelRow) -> str:
    thought = (row.last_decision.thinks or "") if row.last_decision else ""
    return f"{row.model} {row.title} {row.why} {thought} {row.champion or ''}".lower()


def needing(overview: Overview, most: int) -> list[ModelRow]:
    """The models that want a person's eye, the worst first."""
    found = [row for row in overview.models if row.light in ("red", "amber")]
    return sorted(found, key=lambda row: (words.lamp(row.light).rank, -row.waiting, row.model))[:most]


def overview_table(rows: Sequence[ModelRow], now: datetime) -> pd.DataFrame:
    """One line a model; accuracy in percent. `recent`: the largest scores of its newest windows that have any."""
    return pd.DataFrame(
        {
            "state": [[words.lamp(row.light).word] for row in rows],
            "model": [row.model for row in rows],
            "why": [row.why for row in rows],
            "drift": [row.drift for row in rows],
            "recent": [[score for score in row.recent_drift if score is not None] for row in rows],
            "accuracy": [None if row.accuracy.estimate is None else 100 * row.accuracy.estimate for row in rows],
            "decision": [_headline(row) for row in rows],
            "champion": [row.champion for row in rows],
            "looked": [words.ago(row.last_decision.at if row.last_decision else None, now) for row in rows],
            "waiting": [row.waiting or None for row in rows],
            "interval": [words.interval(row.accuracy.low, row.accuracy.high) or None for row in rows],
        }
    )


def _headline(row: ModelRow) -> str | None:
    return words.headline(row.last_decision.headline)[0] if row.last_decision else None


def slot_table(slots: Sequence[Slot]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "slot": [slot.slot for slot in slots],
            "state": [slot.state for slot in slots],
            "version": [slot.version or "empty" for slot in slots],
        }
    )


def version_table(versions: Sequence[VersionRow], champion: int | None, previous: int | None) -> pd.DataFrame:
    places = {champion: "champion", previous: "previous"}
    return pd.DataFrame(
        {
            "version": [row.tag for row in versions],
            "place": [places.get(row.version, "") for row in versions],
            "trained": [row.trained_at for row in versions],
            "rows": [row.training_rows for row in versions],
            "gate": [row.verdict or "not judged" for row in versions],
            "against": [row.judged_against or "first version" for row in versions],
            "size": [words.size(row.artifact_bytes) for row in versions],
            "by": ["a decision" if row.decision_id else "a person" for row in versions],
        }
    )


def metric_table(first: Version, second: Version) -> pd.DataFrame:
    """Metrics of two versions side by side, with the second less the first; those that only one has stand alone."""
    names = sorted({*first.metrics, *second.metrics})
    pairs = [(first.metrics.get(name), second.metrics.get(name)) for name in names]
    return pd.DataFrame(
        {
            "metric": [words.plain(name) for name in names],
            first.tag: [one for one, _ in pairs],
            f"{second.tag} ": [other for _, other in pairs],
            "change": [None if one is None or other is None else other - one for one, other in pairs],
        }
    )


def decision_table(decisions: Sequence[DecisionRow], regrets: Mapping[str, str] | None) -> pd.DataFrame:
    """One line a decision; `regrets` by id, None where no choice of a deciding model can be regretted."""
    table = pd.DataFrame(
        {
            "at": [row.at for row in decisions],
            "decision": [words.headline(row.headline)[0] for row in decisions],
            "by": [words.DECIDERS.get(row.decided_by or "", row.decided_by or "") for row in decisions],
            "look": ["scheduled" if row.scheduled else "unscheduled" for row in decisions],
            "done": [words.listed(row.effective) for row in decisions],
            "regret": [(regrets or {}).get(row.decision_id, "") for row in decisions],
            "id": [row.decision_id for row in decisions],
        }
    )
    return table if regrets is not None else table.drop(columns="regret")


def figure_table(figures: Sequence[Figure]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "figure": [figure.name for figure in figures],
            "now": [figure.value for figure in figures],
            "line": [figure.line for figure in figures],
            "margin": [figure.margin for figure in figures],
            "reading": [figure.reading for figure in figures],
        }
    )


def event_table(events: Sequence[Event]) -> pd.DataFrame:
    bodies = [event.model_dump() for event in events]
    return pd.DataFrame(
        {
            "at": [event.at for event in events],
            "what": [words.EVENTS.get(event.kind, event.kind) for event in events],
            "said": [words.event_sentence(event.kind, body) for event, body in zip(events, bodies, strict=True)],
            "by": [event.by for event in events],
            "decision": [event.decision_id or "" for event in events],
        }
    )


def steps(events: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What became of a decision: time and sentence of each event, without those that only frame others."""
    framing = {"effect_started", "closed"}
    told = [event for event in events if event.get("kind") not in framing and not _only_told(event)]
    return [
        (str(event["at"])[:16].replace("T", " "), words.event_sentence(str(event["kind"]), event)) for event in told
    ]


def _only_told(event: Mapping[str, Any]) -> bool:
    """Trainings and moves have events of their own that say more."""
    return event.get("kind") == "effect_done" and event.get("action") in ("retrain", "promote", "roll_back")


def shown_text(message: Shown) -> str:
    """A message, or the numbers of a row, in one line."""
    if message.text is not None:
        return message.text
    return ", ".join(f"{words.plain(name)} {words.number(value)}" for name, value in (message.numbers or {}).items())
