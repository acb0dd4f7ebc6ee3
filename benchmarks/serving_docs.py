"""The measured part of docs/serving.md, out of the results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import marks
from benchmarks.serving_servers import FLOOR_NAME, OURS

PAGE = Path(__file__).parents[1] / "docs" / "serving.md"


def table_text(result: Mapping[str, Any]) -> str:
    """The measured part of docs/serving.md."""
    servers, floor = result["servers"], result["servers"][FLOOR_NAME]["requests_per_second"]
    lines = ["| server | requests/s | of the floor | p50 ms | p99 ms | resident MB |", "|---|---|---|---|---|---|"]
    for name, row in servers.items():
        speed = row["requests_per_second"]
        lines.append(
            f"| {name} | {speed:,.0f} | {speed / floor:.2f} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} "
            f"| {row['resident_mb']:.0f} |"
        )
    return "\n".join([*_heading(result), "", *lines, "", *_points(result)])


def _heading(result: Mapping[str, Any]) -> list[str]:
    return [
        f"Measured {result['at'][:10]}, {result['machine']}; {result['connections']} connections, best of "
        f"{result['rounds']} alternating rounds of {result['seconds']:g} s. Read the ratios, not the speeds."
    ]


def _points(result: Mapping[str, Any]) -> list[str]:
    pressure, batch = result["pressure"], result["batch_of_1000_ms"]
    alone, pressed = pressure["alone"], pressure["with_batches_and_swaps"]
    crowded = pressure["with_misbehaving_clients"]
    each, ours = pressure.get("with_each_kind_of_misbehaving_clients", {}), result["servers"][OURS]
    measured = [found for name, found in pressure.items() if not name.startswith("with_each")]
    failures = sum(found["failures"] for found in [*measured, *each.values()])
    return [
        f"- 1,000 requests/s: p99 {alone['p99_ms']:.2f} ms alone (the route that does nothing: "
        f"{pressure['route_that_does_nothing']['p99_ms']:.2f} ms); {pressed['p99_ms']:.2f} ms with "
        f"{pressed['batches']} batches of 1,000 and {pressed['swaps']} swaps, each to an artefact that is loaded for "
        f"it; {crowded['p99_ms']:.2f} ms beside {crowded['idle']:,} idle connections, "
        f"{crowded['slow_heads']} slow heads, {crowded['half_sent_bodies']} half-sent bodies, "
        f"{crowded['huge_heads']} huge heads and {crowded['compressed_bombs']} compressed bombs. {failures} failures.",
        *([f"- The same beside one kind of them after the other: {_each_kind(each)}."] if each else []),
        f"- First answer {ours['ready_seconds']:.2f} s after the start of the process; {ours['resident_mb']:.0f} MB "
        "resident after the rounds.",
        f"- 1,000 messages: {batch['answer_many']:.0f} ms, {batch['explain_each']:.0f} ms with explanations, "
        f"scikit-learn's pipeline {batch['scikit_learn_pipeline']:.0f} ms.",
        *[f"- Left out: {why}" for why in result["left_out"]],
    ]


def _each_kind(each: dict[str, Any]) -> str:
    return ", ".join(
        f"{kind.replace('_', ' ')} ({row['clients']:,}) p99 {row['p99_ms']:.2f} ms" for kind, row in each.items()
    )


def soak_text(result: Mapping[str, Any]) -> str:
    """The lines about the soak in docs/serving.md."""
    lag, wrong = result["seconds_until_both_services_have_swapped"], result["answers_of_another_version_than_they_name"]
    return "\n".join(
        [
            f"{result['at'][:10]}: {result['requests']:,} requests with {result['predictions']:,} predictions during "
            f"{result['swaps']} swaps.",
            f"{result['failures']} failed, {result['batches_of_two_versions']} batches were of two versions, "
            f"{wrong} answers were of another version than they named.",
            f"Both services had swapped {lag['median']:.2f} s after the promotion in the median, "
            f"{lag['longest']:.2f} s at most, looking at the store every 0.2 s on a loaded machine.",
        ]
    )


def write_page(mark: str, text: str) -> None:
    """Put a text between its marks in docs/serving.md."""
    marks.fill(PAGE, mark, text)
