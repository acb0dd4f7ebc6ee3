"""Draws a comparison: true accuracy over time under each policy, and what each cost."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from agent.foresight.simulation.compare import Comparison
from agent.foresight.simulation.histories import HOURS_PER_DAY

mpl.use("Agg")  # drawn into a file, with no display

import matplotlib.pyplot as plt


def draw(found: Comparison, path: Path) -> None:
    """One row of two panels for each history, written as PNG or whatever the file's ending says."""
    names = found.histories
    figure, panels = plt.subplots(
        len(names), 2, figsize=(12, 2.2 * len(names) + 0.6), width_ratios=(3, 2), layout="constrained", squeeze=False
    )
    for row, name in zip(panels, names, strict=True):
        _accuracy(row[0], found, name)
        _cost(row[1], found, name)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    figure.suptitle(f"{found.days} simulated days: true accuracy (daily mean), and cost")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _accuracy(panel: Any, found: Comparison, name: str) -> None:
    for outcome in found.outcomes:
        if outcome.history != name:
            continue
        hours = np.array(outcome.accuracy)
        days = hours[: len(hours) // HOURS_PER_DAY * HOURS_PER_DAY].reshape(-1, HOURS_PER_DAY).mean(axis=1)
        panel.plot(days, lw=1.2, alpha=0.85, label=outcome.policy)
        panel.axhline(outcome.floor, color="0.6", lw=0.8, ls="--")
    panel.set_ylabel(name.replace("_", "\n"))
    panel.spines[["top", "right"]].set_visible(False)


def _cost(panel: Any, found: Comparison, name: str) -> None:
    own = [outcome for outcome in found.outcomes if outcome.history == name]
    colours = [f"C{place}" for place in range(len(own))]
    panel.barh([outcome.policy for outcome in own], [outcome.cost for outcome in own], color=colours)
    for place, outcome in enumerate(own):
        panel.text(outcome.cost, place, f" {outcome.days_in_breach:.0f} days in breach", va="center", fontsize=7)
    panel.invert_yaxis()
    panel.margins(x=0.35)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
