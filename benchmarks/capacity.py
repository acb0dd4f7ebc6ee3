"""Writes docs/capacity.md: the measured curves side by side, and what they would mean for far larger loads.

It measures nothing: it reads results/*.json of the other benchmarks and says what is not there. Run it as
`python -m benchmarks.capacity`; `python -m benchmarks.scaling` and `python -m benchmarks.many_models` measure first.
"""

import json
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks.serving_servers import OURS
from benchmarks.tables import table

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "capacity.md"
Result = Mapping[str, Any]

WANTED_REQUESTS, WANTED_A_DAY = 10_000, 100_000_000
# The share of a measured speed that a service is planned with, so that a lost process and a peak fit in.
PLANNED_SHARE = 0.5
DAY_SECONDS, WINDOW_ROWS, ROW_BYTES = 86_400, 500, 300
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

HEAD = """# Capacity

Every figure here is written by `python -m benchmarks.capacity` from `benchmarks/results/*.json`. The machine that
measured has two cores, which it shares, so the curves end at two processes: what lies beyond is reckoned, and the
assumptions stand with it.
"""


def page() -> str:
    parts = [HEAD]
    for title, name, text in (
        ("Predictions", "serving", serving),
        ("Processes and replicas", "scaling", replicas),
        ("Rows of the log", "log_cost", log_rows),
        ("Models on one agent", "many_models", models),
        ("Large logs on Ray", "scaling", ray),
        ("What 10,000 requests a second would take", "serving", extrapolation),
    ):
        result = _result(name)
        said = text(result) if result else f"Not measured yet: `python -m benchmarks.{name}`."
        parts.append(f"## {title}\n\n{said}\n")
    return "\n".join(parts)


def serving(result: Result) -> str:
    row, batch = result["servers"][OURS], result["batch_of_1000_ms"]["answer_many"]
    return (
        f"One service on one core, everything on, the client on the other: {row['requests_per_second']:,.0f} "
        f"requests/s (p99 {row['p99_ms']:.1f} ms at {result['connections']} connections that never pause), "
        f"{row['resident_mb']:.0f} MB. In batches of 1,000 the predictor alone answers {1e6 / batch:,.0f} messages/s."
    )


def replicas(result: Result) -> str:
    rows = [(f"{one['processes']} service processes", *_speed(one)) for one in result["processes"]]
    rows += [(f"{one['replicas']} Ray Serve replicas", *_speed(one)) for one in result.get("replicas", ())]
    head = f"Services and clients share the same {result['cores']} cores, {result['connections']} connections."
    why = (
        "A second process gains little here, because the clients need the other core. Ray Serve passes every request "
        "through a proxy: take it for what its cluster brings (autoscaling, nodes), not for speed."
    )
    return f"{head}\n\n{table(('deployment', 'requests/s', 'p99 ms', 'failures'), rows)}\n\n{why}"


def _speed(one: Result) -> tuple[str, str, str]:
    return f"{one['requests_per_second']:,.0f}", f"{one['p99_ms']:.1f}", str(one["failures"])


def log_rows(result: Result) -> str:
    rows = [
        (f"{one['rows']:,}", f"{one['check_ms']:.0f}", f"{one['next_window_ms']:.0f}", f"{one['newest_labels_ms']:.0f}")
        for one in result["curve"]
    ]
    head = "What a check takes as the log grows (SQLite); how fast rows are written stands in [store](store.md)."
    return f"{head}\n\n{table(('rows in the log', 'check, ms', 'next window, ms', 'newest labels, ms'), rows)}"


def models(result: Result) -> str:
    rounds, clock = result["rounds"], result["by_the_clock"]
    rows = [
        (str(number), f"{one['seconds']:.1f}", f"{one['cpu_seconds']:.1f}", f"{one['resident_mb']:.0f}")
        for number, one in enumerate(rounds, 1)
    ]
    each = 1000 * rounds[-1]["cpu_seconds"] / result["models"]
    text = (
        f"{result['models']} models with artefacts and schedules of their own, {result['messages']} new messages each "
        f"for every round; the rules decide. A look takes {each:.0f} ms of CPU."
    )
    starts = [_started(one, result["models"]) for one in clock]
    return "\n\n".join([text, table(("round", "seconds", "CPU s", "resident MB"), rows), *starts])


def _started(one: Result, models: int) -> str:
    who = "One agent" if one["agents"] == 1 else f"{one['agents']} agents that share them by leases"
    parts = " and ".join(str(count) for count in one["models_of_each_agent"])
    return (
        f"{who}, started on models nobody had looked at: all {models} have a decision after {one['seconds']:.0f} s "
        f"({parts} models; {one['models_with_one_decision']} were decided on exactly once; at most "
        f"{one['peak_resident_mb']:.0f} MB a process)."
    )


def ray(result: Result) -> str:
    if "search" not in result:
        return "Not measured yet: install requirements-ray.txt, then `python -m benchmarks.scaling`."
    search, filled = result["search"], result["backfill"]
    speeds = {name: filled["rows"] / filled[f"{name}_seconds"] for name in ("local", "ray")}
    return (
        f"The candidate search of the main model takes {search['local_seconds']:.1f} s in {result['cores']} processes, "
        f"{search['ray_seconds']:.1f} s on a Ray cluster with as many CPUs that is started for it. Drift reports of "
        f"{filled['rows']:,.0f} logged answers take {filled['local_seconds']:.1f} s in one process "
        f"({speeds['local']:,.0f} rows/s), {filled['ray_seconds']:.1f} s on the cluster ({speeds['ray']:,.0f} rows/s), "
        "its start included."
    )


def extrapolation(result: Result) -> str:
    measured = result["servers"][OURS]["requests_per_second"]
    planned = measured * PLANNED_SHARE
    services = ceil(WANTED_REQUESTS / planned)
    a_day = WANTED_A_DAY / DAY_SECONDS
    looks = WANTED_A_DAY // WINDOW_ROWS
    many = _result("many_models")
    each = many["rounds"][-1]["cpu_seconds"] / many["models"] if many else None
    lines = [
        f"- **{WANTED_REQUESTS:,} requests/s**: {services} service processes, each on a core of its own and planned "
        f"with {PLANNED_SHARE:.0%} of the {measured:,.0f} requests/s measured. Assumed: they share nothing but the "
        "store, a load balancer divides the requests evenly, and no core is shared with a client. Not measured: "
        "the balancer and the network.",
        f"- **{WANTED_A_DAY:,} predictions a day** are {a_day:,.0f}/s on average; with a peak of five times that, "
        f"{ceil(5 * a_day / planned)} processes. Single predictions are assumed; in batches a core does far more.",
        f"- **The log** grows by {WANTED_A_DAY:,} rows a day. {_ingestion(a_day)} At an assumed {ROW_BYTES} bytes a "
        f"row with its indexes that is {WANTED_A_DAY * ROW_BYTES / 1e9:.0f} GB a day: archive after days, not months "
        "(`REFIT_KEEP_PREDICTIONS_DAYS`), and split the models over telemetry databases before one disk is full.",
        f"- **Looks**: windows of {WINDOW_ROWS} answers would be {looks:,} a day; looks by the clock are fewer, and "
        "the rest of the log is left to `python -m scaling backfill`."
        + (f" One look takes {1000 * each:.0f} ms of CPU at {many['messages']} messages." if each else ""),
    ]
    return "\n".join(["Reckoned from the figures above, not measured:", "", *lines])


def _ingestion(a_day: float) -> str:
    store = _result("store")
    best = {name: max(store[name]["rows_per_second"].values()) for name in ("sqlite", "postgresql") if name in store}
    if not best:
        return "What one database takes is measured by `python -m benchmarks.store`."
    said = ", ".join(
        f"{NAMES[name]} {rows:,} rows/s ({rows / a_day:.0f} times the mean)" for name, rows in best.items()
    )
    return f"One database takes, measured in batches: {said}."


def _result(name: str) -> dict[str, Any]:
    file = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
