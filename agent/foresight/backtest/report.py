"""How a backtest reads: a table of what mattered, a summary in sentences, one object for scripts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from agent.actions import Action
from agent.commands.rendering import names
from agent.foresight.backtest.walk import Backtest, Looked
from agent.record.canonical import to_plain
from agent.rules.wording import score, share


def table(found: Backtest, most: int = 25) -> Table:
    """The looks at which something was decided, the first ones when there are many."""
    shown = [look for look in found.looks if look.effective][:most]
    made = Table(title="Looks at which something would have been done", title_justify="left", box=None)
    for column in ("when", "drift", "accuracy", "P(below)", "decided"):
        made.add_column(column, justify="right" if column not in ("when", "decided") else "left")
    for look in shown:
        made.add_row(
            f"{look.at:%Y-%m-%d %H:%M}",
            drift_cell(look),
            share(look.accuracy.estimate),
            score(look.accuracy.p_below_floor),
            names(look.effective),
        )
    return made


def drift_cell(look: Looked) -> str:
    """Vocabulary and TF-IDF drift, or the one score of numeric features."""
    measured = look.measured
    if measured.numeric_drift is not None:
        return score(measured.numeric_drift)
    return f"{score(measured.vocabulary_drift)} / {score(measured.tfidf_drift)}"


def sentences(found: Backtest) -> Iterator[str]:
    looks, lines = found.looks, found.rules.monitoring
    yield (
        f"Reference: the first {found.reference_rows} predictions, until {found.reference_to:%Y-%m-%d %H:%M}. "
        f"Then {len(looks)} looks at {sum(look.rows for look in looks)} predictions, {lines.window_rows} a window."
    )
    drifted = [look for look in looks if look.drifted]
    yield f"Confirmed drift (above {lines.drift_threshold:.2f}) in {len(drifted)} looks{_first(drifted)}."
    below = [look for look in looks if look.below]
    labelled = any(look.accuracy.labelled for look in looks)
    yield (
        f"Accuracy certainly below {lines.accuracy_floor:.1%} in {len(below)} looks{_first(below)}."
        if labelled
        else "Accuracy is unknown: no labels were given."
    )
    counts = Counter(action for look in looks for action in look.effective)
    said = {action.value.replace("_", " "): counts[action] for action in Action if action is not Action.HOLD}
    yield f"Decided: {', '.join(f'{name} {count}' for name, count in said.items() if count) or 'nothing to do'}."
    yield f"Labels asked for: {found.labels_asked}."
    if Action.RETRAIN in counts:
        yield (
            "After a retraining the recorded answers are still those of the old model. Where labels clear that model, "
            "a retraining for drift is taken to bring nothing better, and the same drift rests; any other counts as "
            "promoted, which in production the gate decides: for drift it moves the reference, for accuracy it is not "
            "repeated until the recorded accuracy has been clear again."
        )


def _first(looks: list[Looked]) -> str:
    return f", first at {looks[0].at:%Y-%m-%d %H:%M}" if looks else ""


def as_json(found: Backtest) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(
        {
            "model": found.model,
            "reference_rows": found.reference_rows,
            "reference_to": found.reference_to,
            "labels_asked": found.labels_asked,
            "summary": list(sentences(found)),
            "looks": [_look(look) for look in found.looks],
        }
    )
    return plain


def _look(look: Looked) -> dict[str, Any]:
    measured, accuracy = look.measured, look.accuracy
    return {
        "at": look.at,
        "rows": look.rows,
        "status": measured.status,
        "vocabulary_drift": measured.vocabulary_drift,
        "tfidf_drift": measured.tfidf_drift,
        "numeric_drift": measured.numeric_drift,
        "score_shift": measured.score_shift,
        "duplicate_rate": measured.duplicate_rate,
        "accuracy": accuracy.estimate,
        "p_below_floor": accuracy.p_below_floor,
        "labelled": accuracy.labelled,
        "effective": look.effective,
        "rules": [fired.rule for fired in look.bounds.fired],
        "labels_asked": look.labels_asked,
    }
