"""The plots of docs/benchmarks.md and docs/capacity.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.store_docs import NAMES, measured

IMAGES = Path(__file__).parents[1] / "docs" / "images"
OURS = "#2563eb"
OTHERS = "#94a3b8"


def draw(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Write each plot whose result is there."""
    matplotlib.use("svg")
    # Without these two, every run writes other bytes for the same picture.
    matplotlib.rcParams["svg.hashsalt"] = "refit"
    if "serving" in results:
        _serving(results["serving"])
    if "store" in results:
        _log(results["store"])
    if "scaling" in results:
        _processes(results["scaling"])


def _serving(result: Mapping[str, Any]) -> None:
    from matplotlib import pyplot

    servers = dict(sorted(result["servers"].items(), key=lambda item: item[1]["requests_per_second"]))
    speeds = [row["requests_per_second"] for row in servers.values()]
    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    bars = axes.barh(list(servers), speeds, color=[OURS if "Refit" in name else OTHERS for name in servers])
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.set_xlabel("requests a second, one core")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    _save(figure, "bench-serving.svg")


def _log(result: Mapping[str, Any]) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    for name in measured(result):
        curve = result[name]["curve"]
        axes.plot([row["rows"] for row in curve], [row["look"] for row in curve], marker="o", label=NAMES[name])
    axes.set(xscale="log", ylim=(0, None), xlabel="rows of the prediction log", ylabel="reads of a look, ms")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    _save(figure, "bench-log.svg")


def _processes(result: Mapping[str, Any]) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    kinds = {"processes": ("service processes", OURS), "replicas": ("Ray Serve replicas", OTHERS)}
    for kind, (title, colour) in kinds.items():
        curve = result.get(kind, [])
        speeds = [row["requests_per_second"] for row in curve]
        axes.plot([row[kind] for row in curve], speeds, marker="o", color=colour, label=title)
    counts = [row["processes"] for row in result["processes"]]
    axes.set(
        ylim=(0, None),
        xticks=counts,
        xlabel=f"processes on {result['about']['processes']['cores']} cores",
        ylabel="requests a second",
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    _save(figure, "bench-processes.svg")


def _save(figure: Any, name: str) -> None:
    from matplotlib import pyplot

    figure.tight_layout()
    figure.savefig(IMAGES / name, metadata={"Date": None})
    pyplot.close(figure)
