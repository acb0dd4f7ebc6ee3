"""Writes docs/benchmarks.md and its plots from benchmarks/results/*.json; no figure on it is typed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import gate_docs, models, parts, plots, serving_docs, store_docs
from benchmarks.comparison import from_json, summary
from benchmarks.running import PARTS, RATIOS
from benchmarks.tables import percent, table

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
Result = Mapping[str, Any]

HEAD = """# Benchmarks

Every figure here is written by `python -m benchmarks` from `benchmarks/results/*.json`. Machines differ and the one
that measured is shared: read the ratios within one run. What each requirement asked for, and whether it was reached,
stands in [requirements](requirements.md). A benchmark that has run again says how it compares with its run before; each
of its figures stands in `benchmarks/results/ratios.json`.
"""


def training(result: Result) -> str:
    quality = result["cross_validation_on_all_rows"]
    times = result["microseconds_a_message"]
    return "\n".join(
        [
            f"`sms_spam` on {result['rows']['train']:,} rows: search of all candidates and the final fit take "
            f"{result['search_and_fit_seconds']['median']:.1f} s (median of "
            f"{len(result['search_and_fit_seconds']['rounds'])}); grouped 5x2 cross-validation over all rows gives "
            f"accuracy {quality['accuracy']:.4f}, F1 {quality['f1']:.4f}, log loss {quality['log_loss']:.3f}.",
            f"One message is answered in {times['answer']:.0f} µs, explained in {times['explain']:.0f} µs; "
            f"the scikit-learn pipeline takes {times['scikit_learn']:,.0f} µs, "
            f"{result['times_faster_than_scikit_learn']:.0f} times as long.",
        ]
    )


def deciding(result: Result) -> str:
    look, replay, starts = result["look_ms"], result["replay_ms"], result["starts"]
    return (
        f"A scheduled look at {result['messages_a_look']} messages, from reading the window to the ledger, takes "
        f"{look['median']:.0f} ms in the median (95%: {look['p95']:.0f} ms) over {result['looks']} looks. "
        f"A decision replays in {replay['median']:.2f} ms; {result['replayed_the_same']} of {result['looks']} gave the "
        f"same. The chain of the ledger is checked in {result['verify_ledger_ms']:.1f} ms. The control plane answers "
        f"{starts['control_plane_ready_seconds']:.1f} s after its start, and a command that reads the ledger takes "
        f"{starts['command_decisions_seconds']:.1f} s from the shell and back."
    )


def triggers(result: Result) -> str:
    mandatory, exact, hostile = result["rules"]["mandatory"], result["rules"]["exact"], result["hostile"]
    agent = result["agent"].get("not_run")
    said = f" The deciding model was not scored: {agent}." if agent else ""
    return (
        f"Over {result['scenarios']} scenarios the rules do {mandatory['right']} of {mandatory['of']} mandatory ones "
        f"and exactly what is expected in {exact['right']} of {exact['of']}; of {hostile['tried']:,} hostile proposals "
        f"{hostile['through']} got anything through.{said}"
    )


def store(result: Result) -> str:
    return (
        f"{store_docs.log_reads(result)}\n\nWhat else is read and written: [store](store.md).\n\n"
        "![What a look reads, by rows of the log](images/bench-log.svg)"
    )


def demo(result: Result) -> str:
    drift, calm = result["drift"], result["calm"]
    found, before, after = drift["second_window"].get("RETRAIN", 0), drift["accuracy_before"], drift["accuracy_after"]
    return (
        f"`make demo` over {drift['runs']} seeds with the campaign: {found} found and retrained on, "
        f"{drift['promoted']} promoted, {drift['failed_requests']} failed requests; accuracy on fresh messages of the "
        f"mixture {percent(before, 1)} before and {percent(after, 1)} after (medians). Over {calm['runs']} seeds "
        f"without it: {calm['no_action_in_both']} ended in NO_ACTION twice."
    )


def dashboard(result: Result) -> str:
    parts = ("first_page_cold", "first_page_warm", "first_page_again", "one_model")
    rows = [
        (str(size["models"]), *(f"{size[f'{part}_seconds']['median']:.1f} s" for part in parts))
        for size in result["sizes"]
    ]
    head = ("models with a year of hourly reports", "first page, cold", "warm", "again", "one model")
    machine = result["machine"]
    return (
        f"In headless Chromium, medians of {result['rounds']} rounds on {machine['cpus']} cores; load before: "
        f"{machine['load_before']:.1f}.\n\n{table(head, rows)}"
    )


def alerts(result: Result) -> str:
    seconds = result["seconds"]
    return (
        f"{result['alerts']} alerts of as many models, from the record in the ledger to the message at a Slack of our "
        f"own, through the outbox and a deliverer as it is installed, which looks every {result['poll_seconds']:g} s: "
        f"{seconds['median']:.1f} s in the median, {seconds['p99']:.1f} s at the 99th percentile, "
        f"{seconds['worst']:.1f} s at worst; {result['lost']} were lost and {result['twice']} came twice. Load before: "
        f"{result['load_before']:.1f} on {result['cores']} cores."
    )


def containers(result: Result) -> str:
    created, started = result["created_to_live_seconds"], result["started_to_answer_seconds"]
    return (
        f"The compose file under podman, images built: the service lives {created:.0f} s after the command that makes "
        f"all containers, and answers {started:.0f} s after the one that starts stopped ones. Load before: "
        f"{result['load_before']:.1f} on {result['cores']} cores."
    )


def reliability(result: Result) -> str:
    summary = result["summary"]
    return (
        f"{summary['kills']} seeded kills in {result['minutes']:.0f} minutes over {len(result['runs'])} deployments: "
        f"{summary['violations']} violations of what must hold, with {summary['predictions']:,} predictions and "
        f"{summary['decisions']} decisions. Where, and what is checked: [reliability](reliability.md)."
    )


def drift(result: Result) -> str:
    text = [row for row in result["texts"] if row["case"] == "no drift" and row["source"] == "messages"]
    rows = [(str(row["messages"]), percent(row["alarm"], 1), percent(row["worst_split"], 1)) for row in text]
    times = result["times"]
    return (
        f"False alarms on messages without drift; {times['text_100_ms']:.0f} ms for 100 messages, "
        f"{times['text_1000_ms']:.0f} ms for 1,000. Detection, other tools and labels: [monitoring](monitoring.md).\n\n"
        + table(("messages in the window", "false alarms", "worst reference"), rows)
    )


SECTIONS: Mapping[str, tuple[str, Callable[[Result], str]]] = {
    "training": ("Training and prediction", training),
    "models": ("The managed models beside plain scikit-learn", models.table),
    "gate": ("The gate", gate_docs.words),
    "drift": ("Drift", drift),
    "deciding": ("Deciding", deciding),
    "triggers": ("Triggers", triggers),
    "serving": (
        "Serving",
        lambda result: serving_docs.table_text(result) + "\n\n![Requests a second](images/bench-serving.svg)",
    ),
    "soak": ("Swaps under load", serving_docs.soak_text),
    "store": ("The prediction log", store),
    "dashboard": ("The dashboard", dashboard),
    "alerts": ("Alerts", alerts),
    "containers": ("Containers", containers),
    "reliability": ("Kills", reliability),
    "demo": ("The demonstration", demo),
}


def write() -> None:
    results = {file.stem: json.loads(file.read_text()) for file in sorted(RESULTS.glob("*.json"))}
    plots.draw(results)
    parts.write(results)
    PAGE.write_text(text(results))


def text(results: Mapping[str, Result]) -> str:
    said = [HEAD]
    for name, (title, words) in SECTIONS.items():
        if name in results:
            compared = _beside_the_run_before(results, name)
            said.append(f"## {title}\n\n{words(results[name])}\n" + (f"\n{compared}\n" if compared else ""))
    return "\n".join(said)


def _beside_the_run_before(results: Mapping[str, Result], name: str) -> str:
    """What the comparison found for the benchmark and for those that write into its result."""
    names = [name, *(part for part, (file, _) in PARTS.items() if file == name)]
    rows = [row for one in names for row in results.get(RATIOS, {}).get(one, ())]
    return summary([from_json(row) for row in rows])
