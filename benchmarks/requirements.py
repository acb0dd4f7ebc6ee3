"""Writes docs/requirements.md: each requirement with its measured figure, what shows it, and its state.

No figure is typed here or in the list: `Measured` names its place in a result under benchmarks/results/. Run it as
`python -m benchmarks --pages` after a benchmark.
"""

import json
from pathlib import Path

from benchmarks.requirement import Requirement, Results
from benchmarks.requirements_list import REQUIREMENTS
from benchmarks.tables import table

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "requirements.md"
COLUMNS = ("requirement", "asked for", "measured", "state", "shown by")
HEAD = """# What was asked for, and what holds

Each requirement of the five systems, with the figure that was measured, the test or command that shows it, and its
state: *reached* or *missed* where there is a line to reach, *measured* where there is none, *not run* where what it
needs was not at hand, *holds* where a test shows a feature. The page is written by `python -m benchmarks --pages` from
the results, and a test keeps it complete.
"""


def read_results() -> Results:
    return {file.stem: json.loads(file.read_text()) for file in RESULTS.glob("*.json")}


def text(requirements: tuple[Requirement, ...], results: Results) -> str:
    """Raises KeyError when a figure is missing."""
    parts = [HEAD]
    for system in dict.fromkeys(one.system for one in requirements):
        rows = [one.row(results) for one in requirements if one.system == system]
        parts.append(f"## {system}\n\n{table(COLUMNS, rows)}\n")
    return "\n".join(parts)


def write() -> None:
    PAGE.write_text(text(REQUIREMENTS, read_results()))
