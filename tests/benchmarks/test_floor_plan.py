"""Tests and benchmarks stand beside the house, as CONTRIBUTING.md says: no room of it imports them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("launch", "dashboard", "agent", "scaling", "tools", "serving", "pipeline")
# What benchmarks may take from the tests: harnesses of real processes, and how to wait for them.
HARNESSES = ("tests.faults", "tests.deployment", "tests.agent.alerts.slack_process", "tests.waiting")


def imported(file: Path) -> set[str]:
    """The modules that a file imports, at its top or within a function."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_of_the_house_imports_what_stands_beside_it(room):
    found = {name for file in (ROOT / room).rglob("*.py") for name in imported(file)}
    assert len(found) > 10
    assert not {name for name in found if name.partition(".")[0] in ("tests", "benchmarks")}


def test_benchmarks_drive_harnesses_of_the_tests_and_no_test():
    found = {name for file in (ROOT / "benchmarks").glob("*.py") for name in imported(file)}
    of_tests = {name for name in found if name.partition(".")[0] == "tests"}
    assert of_tests
    assert not {name for name in of_tests if not name.startswith(HARNESSES)}
    assert not {name for name in of_tests if any(part.startswith("test_") for part in name.split("."))}
