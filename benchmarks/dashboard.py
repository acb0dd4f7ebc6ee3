"""How long a reader waits for the dashboard, in headless Chromium, over few and over a hundred models with a year each.

`python -m benchmarks.dashboard [HOME...]` takes stores that `benchmarks.dashboard_history` wrote; without any, it makes
one of 6 and one of 100 models first, which takes a quarter of an hour and 6 GB for a while. Cold: the dashboard's
process has just started and the browser knows nothing. Warm: another reader opens it. Again: the same reader loads it
anew.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Browser, ViewportSize

from benchmarks.dashboard_history import copies
from benchmarks.dashboard_system import agent_over, browser, chromium, dashboard_of, open_page

RESULTS = Path(__file__).parent / "results" / "dashboard.json"
TARGET = {"cold_seconds": 3.0, "warm_seconds": 1.0}
DAYS = 365
SIZES = (6, 100)
ROUNDS = 5
ANSWERS = 10
VIEWPORT = ViewportSize(width=1280, height=900)


def seconds_of(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def summary(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values), 3), "most": round(max(values), 3)}


def pages(opened: Browser, agent_url: str, rounds: int) -> dict[str, Any]:
    """Seconds until the first page stands, and the page of one model with its year; each round starts a dashboard."""
    cold, warm, again, model = [], [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as files, dashboard_of(agent_url, Path(files)) as url:
            cold.append(_opened(opened, url)[0])
            first, second = _opened(opened, url, url)
            warm.append(first)
            again.append(second)
            model.append(_opened(opened, url, f"{url}/model?model={copies(1)[0]}")[1])
    named = {"first_page_cold": cold, "first_page_warm": warm, "first_page_again": again, "one_model": model}
    return {f"{name}_seconds": summary(values) for name, values in named.items()}


def _opened(opened: Browser, *addresses: str) -> list[float]:
    """Seconds for each page in turn, by one new reader; a page stands when its tables are drawn too."""
    context = opened.new_context(viewport=VIEWPORT)
    page = context.new_page()
    times = []
    for address in addresses:

        def look(address: str = address) -> None:
            open_page(page, address)
            page.wait_for_selector("canvas, [data-testid='stVegaLiteChart'] svg", state="visible")

        times.append(seconds_of(look))
    context.close()
    return times


def answers(agent_url: str, count: int) -> dict[str, Any]:
    """Seconds of the agent's own answers behind these pages."""
    name = copies(1)[0]
    paths = {
        "overview": "/overview",
        "model": f"/models/{name}",
        "series_30_days": f"/models/{name}/series?days=30",
        "series_1_year": f"/models/{name}/series?days={DAYS}",
        "decisions": f"/decisions?model={name}",
    }
    found = {}
    with httpx.Client(base_url=agent_url, timeout=60) as http:
        for what, path in paths.items():
            times = [seconds_of(lambda path=path: http.get(path).raise_for_status()) for _ in range(count)]  # type: ignore[misc]
            found[what] = {**summary(times), "bytes": len(http.get(path).content)}
        windows = http.get(paths["series_1_year"]).json()
    return {"answers_seconds": found, "windows_measured": windows["measured"], "windows_sent": len(windows["windows"])}


def measured(home: Path, rounds: int, program: str) -> dict[str, Any]:
    """One store: its agent's answers, and the pages."""
    size = sum(file.stat().st_size for file in home.glob("*.db"))
    with agent_over(home) as agent_url, browser(program) as opened:
        first = httpx.get(f"{agent_url}/overview", timeout=60)  # the agent runs all day: it is warm
        models = [row["model"] for row in first.raise_for_status().json()["models"]]
        found = answers(agent_url, ANSWERS) | pages(opened, agent_url, rounds)
    with_year = sum(name.startswith("channel_") for name in models)
    return {"models": len(models), "with_a_year_of_hourly_reports": with_year, "store_bytes": size, **found}


def made(folder: Path) -> list[Path]:
    """A store for each of the sizes, made in a process of its own."""
    homes = [folder / f"models_{models}" for models in SIZES]
    for home, models in zip(homes, SIZES, strict=True):
        words = ["benchmarks.dashboard_history", str(home), "--models", str(models), "--days", str(DAYS)]
        subprocess.run([sys.executable, "-m", *words], check=True)
    return homes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("homes", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args()
    program = chromium()
    if program is None:
        raise SystemExit("There is no chromium: apt-get install chromium, or set REFIT_CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder:
        homes = wanted.homes or made(Path(folder))
        load = round(os.getloadavg()[0], 1)  # more than the processors: others were at work, take it with care
        sizes = [measured(home, wanted.rounds, program) for home in homes]
    result = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "load_before": load},
        "target": TARGET,
        "rounds": wanted.rounds,
        "sizes": sizes,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
