"""Writes docs/capacity.md: the measured curves side by side, and what they would mean for far larger loads.

It measures nothing: it reads results/*.json of the other benchmarks and says what is not there. Run it as
`python -m benchmarks.capacity`; `python -m benchmarks.scaling` and `python -m benchmarks.many_models` measure first.
"""

import json
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import store_docs
from benchmarks.serving_servers import OURS
from benchmarks.tables import table

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "capacity.md"
Result = Mapping[str, Any]

WANTED_REQUESTS, WANTED_A_DAY = 10_000, 100_000_000
# The share of a measured speed that a service is planned with, so that a lost process and a peak fit in.
PLANNED_SHARE = 0.5
# Of the rate at the busiest time of a day to its average.
PEAK = 5
DAY_SECONDS, WINDOW_ROWS, ROW_BYTES = 86_400, 500, 300

# The parts of results/scaling.json in which requests were answered.
PROCESSES = ("processes", "replicas")

HEAD = """# Capacity

Every figure here is written by `python -m benchmarks.capacity` from `benchmarks/results/*.json`. The machine that
measured has two cores, which it shares with whatever else runs, so more processes than two gain nothing on it: what
lies beyond is reckoned, and the assumptions stand with it. A load above the number of cores before a measurement says
that its figures are too low.
"""


def page() -> str:
    parts = [HEAD]
    for title, name, text in (
        ("Predictions", "serving", serving),
        ("Processes and replicas", "scaling", replicas),
        ("Rows of the log", "store", log_rows),
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
    speeds = row["rounds"]
    return (
        f"One service on one core, everything on, the client on the other: {median(speeds):,.0f} requests/s, the "
        f"median of {len(speeds)} rounds of {result['seconds']:g} s ({min(speeds):,.0f} to {max(speeds):,.0f}, and in "
        f"the best one p99 {row['p99_ms']:.1f} ms, at {result['connections']} connections that never pause), "
        f"{row['resident_mb']:.0f} MB. In batches of 1,000 the predictor alone answers {1e6 / batch:,.0f} messages/s "
        "in its best round. What follows is planned from the median."
    )


def replicas(result: Result) -> str:
    rows = [
        (f"{one['processes']} service process{'es' if one['processes'] > 1 else ''}", *_speed(one))
        for one in result["processes"]
    ]
    rows += [
        (f"{one['replicas']} Ray Serve replica{'s' if one['replicas'] > 1 else ''}", *_speed(one))
        for one in result.get("replicas", ())
    ]
    about = result["about"]["processes"]
    loads = " and ".join(_load(result["about"][part]) for part in PROCESSES if part in result["about"])
    head = (
        f"Services and their clients share the same {about['cores']} cores: {about['connections']} connections"
        f"{_clients(about)}, which give a core away while they wait; load before: {loads}."
    )
    why = "![Requests a second by processes](images/bench-processes.svg)\n\n" + _gained(result["processes"])
    if result.get("replicas"):
        why += (
            " Ray Serve passes every request through a proxy in Python: take it for what its cluster brings "
            "(autoscaling, nodes), not for speed."
        )
    columns = ("deployment", "rounds", "requests/s, median", "slowest to fastest round", "p99 ms, median", "failures")
    return f"{head}\n\n{table(columns, rows)}\n\n{why}"


def _clients(about: Result) -> str:
    return f" of {about['clients']} client processes" if "clients" in about else ""


def _gained(processes: Sequence[Result]) -> str:
    """What each number of processes brings, as a multiple of one; what stands on its own core is another thing."""
    first, *others = processes
    gains = [
        f"{one['processes']} answer {one['requests_per_second'] / first['requests_per_second']:.2f} times"
        for one in others
    ]
    return (
        f"Clients and all, {' and '.join(gains)} what one answers. One process shares its cores with its clients here, "
        "so it answers fewer requests than above, on a core of its own."
    )


def _speed(one: Result) -> tuple[str, str, str, str, str]:
    rounds = one.get("rounds", [one["requests_per_second"]])
    speed, between = f"{one['requests_per_second']:,.0f}", f"{min(rounds):,.0f} to {max(rounds):,.0f}"
    return str(len(rounds)), speed, between, f"{one['p99_ms']:.1f}", str(one["failures"])


def log_rows(result: Result) -> str:
    return f"{store_docs.log_reads(result)}\n\nHow fast rows are written stands in [store](store.md)."


def models(result: Result) -> str:
    rounds, about = result["rounds"], result["about"]
    rows = [
        (
            str(number),
            str(one["models"]),
            f"{one['seconds']:.1f}",
            f"{one['cpu_seconds']:.1f}",
            f"{1000 * one['cpu_seconds'] / one['models']:.0f}",
            f"{one['resident_mb']:.0f}",
        )
        for number, one in enumerate(rounds, 1)
    ]
    each = 1000 * rounds[-1]["cpu_seconds"] / rounds[-1]["models"]
    text = (
        f"{about['rounds']['models']} models with artefacts and schedules of their own, {result['messages']} new "
        f"messages each for every round; the rules decide. A look takes {each:.0f} ms of CPU. Load before: "
        f"{_load(about['rounds'])}."
    )
    starts = [_started(result[part], about[part]) for part in ("one_agent", "two_agents")]
    return "\n\n".join(
        [text, table(("round", "models", "seconds", "CPU s", "CPU ms a look", "resident MB"), rows), *starts]
    )


def _started(one: Result, about: Result) -> str:
    who = "One agent" if one["agents"] == 1 else f"{one['agents']} agents that share them"
    parts = " and ".join(str(count) for count in one["models_of_each_agent"])
    return (
        f"{who}, started on models nobody had looked at: all {about['models']} have a decision after "
        f"{one['seconds']:.0f} s ({parts} models; {one['models_with_one_decision']} were decided on exactly once; at "
        f"most {one['peak_resident_mb']:.0f} MB a process). Load before: {_load(about)}."
    )


def _load(about: Result) -> str:
    """The load, and with which priority it was measured beside it."""
    if "load_before" not in about:
        return "not noted"
    return f"{about['load_before']:.1f}" + (f" (measured at nice {about['nice']})" if about.get("nice") else "")


def ray(result: Result) -> str:
    if not {"search", "backfill"} <= set(result):
        return "Not measured yet: install requirements-ray.txt, then `python -m benchmarks.scaling`."
    search, filled, about = result["search"], result["backfill"], result["about"]
    speeds = {name: filled["rows"] / filled[f"{name}_seconds"] for name in ("local", "ray")}
    return (
        f"The candidate search of the main model takes {search['local_seconds']:.1f} s in {about['search']['cores']} "
        f"processes, {search['ray_seconds']:.1f} s on a Ray cluster with as many CPUs that is started for it. Drift "
        f"reports of {filled['rows']:,.0f} logged answers take {filled['local_seconds']:.1f} s in one process "
        f"({speeds['local']:,.0f} rows/s), {filled['ray_seconds']:.1f} s on the cluster ({speeds['ray']:,.0f} rows/s), "
        f"its start included. Load before: {_load(about['search'])} and {_load(about['backfill'])}."
    )


def extrapolation(result: Result) -> str:
    measured = median(result["servers"][OURS]["rounds"])
    resident = result["servers"][OURS]["resident_mb"]
    planned, a_day = measured * PLANNED_SHARE, WANTED_A_DAY / DAY_SECONDS
    services, peak = ceil(WANTED_REQUESTS / planned), ceil(PEAK * a_day / planned)
    lines = [
        "Reckoned from the figures above, not measured. Assumed throughout: services share nothing but the store, a "
        "load balancer divides requests evenly, a core is shared with no client, messages are as long as those of "
        f"the benchmark, and a process is planned with {PLANNED_SHARE:.0%} of its measured speed, so that a lost one "
        "and a burst fit in. Not in it: the balancer, the network, TLS.",
        "",
        f"- **{WANTED_REQUESTS:,} requests/s** take {_processes(services)} ({measured:,.0f} requests/s measured on one "
        f"core in the median round, {planned:,.0f} planned), {services * resident:,.0f} MB together; one more for each "
        "that may be lost.",
        f"- **{WANTED_A_DAY:,} predictions a day** are {a_day:,.0f}/s on average. With an assumed peak of {PEAK} times "
        f"the average that is {_processes(peak)}. They are assumed to come singly; in batches a core does far more.",
        f"- **The log** grows by {WANTED_A_DAY:,} rows a day. {_ingestion(a_day)} {_storage()}",
        f"- **Looks**: {_looks()}",
    ]
    return "\n".join(lines)


def _processes(count: int) -> str:
    return f"{count} service process{'es' if count > 1 else ''}, each on a core of its own"


def _storage() -> str:
    measured = _result("scaling").get("backfill", {}).get("row_bytes")
    size = measured or ROW_BYTES
    kind = "measured (SQLite, real messages, with indexes)" if measured else "assumed"
    return (
        f"At {size:,.0f} bytes a row, {kind}, that is {WANTED_A_DAY * size / 1e9:.0f} GB a day: archive after days, "
        "not months (`REFIT_KEEP_PREDICTIONS_DAYS`), and split the models over telemetry databases before one disk is "
        "full."
    )


def _looks() -> str:
    looks, many = WANTED_A_DAY // WINDOW_ROWS, _result("many_models")
    said = f"every answer in a window of {WINDOW_ROWS} would be {looks:,} looks a day."
    if many:
        each = many["rounds"][-1]["cpu_seconds"] / many["rounds"][-1]["models"]
        share = looks * each / DAY_SECONDS
        said += (
            f" At {1000 * each:.0f} ms of CPU for one, measured at {many['messages']} messages, and as much more for "
            f"larger windows as they are larger, that is {share * WINDOW_ROWS / many['messages']:.2f} cores at most."
        )
    filled = _result("scaling").get("backfill")
    if filled:
        speed = filled["rows"] / filled["local_seconds"]
        said += (
            f" `refit scaling backfill` reports on {speed:,.0f} rows/s in one process: a day's log in "
            f"{WANTED_A_DAY / speed / 3600:.1f} hours of one core, if its speed stays as the log grows."
        )
    return said


def _ingestion(a_day: float) -> str:
    store = _result("store")
    best = {name: max(store[name]["rows_per_second"].values()) for name in store_docs.measured(store)}
    if not best:
        return "What one database takes is measured by `python -m benchmarks.store`."
    said = ", ".join(
        f"{store_docs.NAMES[name]} {rows:,} rows/s ({rows / a_day:.0f} times the average)"
        for name, rows in best.items()
    )
    return f"One database takes, measured in its best batches: {said}."


def _result(name: str) -> dict[str, Any]:
    file = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
