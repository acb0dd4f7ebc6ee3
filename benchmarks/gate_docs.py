"""How often the gate passes simulated challengers, as the table of docs/architecture.md and docs/benchmarks.md."""

from collections.abc import Mapping
from typing import Any

from benchmarks.gate import CASES
from benchmarks.tables import percent, table


def words(result: Mapping[str, Any]) -> str:
    """A line for each truth, the share of rows that only one of the two answers right, and the passes by labels."""
    labels = sorted({row["labels"] for row in result["table"]})
    passed = {(row["case"], row["labels"]): row["passed"] for row in result["table"]}
    rows = [
        [case.name, percent(case.differing, 1), *(percent(passed[case.name, number], 1) for number in labels)]
        for case in CASES
    ]
    head = ["truth", "rows that differ", *(f"passes with {number} recent labels" for number in labels)]
    text = f"Simulated challengers that pass the rule of the main model, {result['runs']:,} runs each."
    return f"{text}\n\n{table(head, rows)}"
