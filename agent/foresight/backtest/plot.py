"""Draws a backtest: drift and accuracy over time with their lines, and what would have been decided."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

from agent.actions import Action
from agent.foresight.backtest.walk import Backtest

mpl.use("Agg")  # drawn into a file, with no display

import matplotlib.pyplot as plt

MARKS = (
    (Action.ALERT, "tab:orange", "^"),
    (Action.REQUEST_LABELS, "tab:purple", "s"),
    (Action.ASK_PERSON, "tab:red", "D"),
    (Action.RETRAIN, "tab:blue", "o"),
)


def draw(found: Backtest, path: Path) -> None:
    """Three panels over one time axis, written as PNG or whatever the file's ending says."""
    figure, panels = plt.subplots(3, 1, figsize=(11, 8), sharex=True, height_ratios=(3, 3, 1.4), layout="constrained")
    times = [look.at for look in found.looks]
    _drift(panels[0], found, times)
    _accuracy(panels[1], found, times)
    _decisions(panels[2], found)
    for panel in panels:
        panel.axvspan(found.reference_from, found.reference_to, color="0.92")
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{found.model}: what would have been seen and decided (grey: the reference)")
    figure.autofmt_xdate()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _drift(panel: Any, found: Backtest, times: Sequence[datetime]) -> None:
    for name in ("vocabulary_drift", "tfidf_drift", "numeric_drift"):
        scores = [getattr(look.measured, name) for look in found.looks]
        if any(score is not None for score in scores):
            panel.plot(times, _gaps(scores), marker=".", label=name.replace("_", " ").replace("tfidf", "TF-IDF"))
    shifts = [look.measured.score_shift for look in found.looks]
    if any(shift is not None for shift in shifts):
        panel.plot(times, _gaps(shifts), color="0.6", lw=1, label="shift of model scores (shown only)")
    panel.axhline(found.rules.monitoring.drift_threshold, color="tab:red", ls="--", lw=1, label="threshold")
    panel.set_ylabel("drift")
    panel.set_ylim(-0.02, 1.02)
    panel.legend(loc="upper left", fontsize=8, frameon=False)


def _accuracy(panel: Any, found: Backtest, times: Sequence[datetime]) -> None:
    reports = [look.accuracy for look in found.looks]
    panel.plot(times, _gaps([report.estimate for report in reports]), marker=".", label="accuracy of what was recorded")
    low, high = [_gaps([getattr(report, end) for report in reports]) for end in ("low", "high")]
    panel.fill_between(times, low, high, alpha=0.2, label="98% interval")
    panel.axhline(found.rules.monitoring.accuracy_floor, color="tab:red", ls="--", lw=1, label="floor")
    panel.set_ylabel("accuracy")
    if all(report.estimate is None for report in reports):
        panel.text(0.5, 0.5, "no labels: accuracy is unknown", ha="center", transform=panel.transAxes)
    panel.legend(loc="lower left", fontsize=8, frameon=False)


def _decisions(panel: Any, found: Backtest) -> None:
    for height, (action, colour, mark) in enumerate(MARKS):
        at = [look.at for look in found.with_action(action)]
        panel.scatter(at, [height] * len(at), color=colour, marker=mark, s=28)
    panel.set_yticks(range(len(MARKS)), [action.value.replace("_", " ") for action, _, _ in MARKS])
    panel.set_ylim(-0.6, len(MARKS) - 0.4)


def _gaps(values: Sequence[float | None]) -> list[float]:
    """Unknown is a gap in the line, never a zero."""
    return [float("nan") if value is None else value for value in values]
