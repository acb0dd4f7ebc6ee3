"""The plots of docs/benchmarks.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

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
    if "log_cost" in results:
        _log(results["log_cost"])


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

    rows = [row["rows"] for row in result["curve"]]
    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    for name, title in (("check_ms", "a whole look"), ("next_window_ms", "the next window")):
        axes.plot(rows, [row[name] for row in result["curve"]], marker="o", label=title)
    axes.set(xscale="log", ylim=(0, None), xlabel="rows of the prediction log", ylabel="CPU ms")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    _save(figure, "bench-log.svg")


def _save(figure: Any, name: str) -> None:
    from matplotlib import pyplot

    figure.tight_layout()
    figure.savefig(IMAGES / name, metadata={"Date": None})
    pyplot.close(figure)
