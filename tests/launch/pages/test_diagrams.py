"""docs/diagrams.md shows the floor plan that is enforced, and names what the code has."""

import configparser
import re
from pathlib import Path

from agent.actions import Autonomy
from pipeline.gate.rules import VerdictStatus
from pipeline.releases.rollout import Strategy

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "diagrams.md").read_text()
DIAGRAMS = re.findall(r"^## (.+?)\n.*?```mermaid\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
FLOORS = dict(DIAGRAMS)["Floor plan"]


def floors() -> dict[str, int]:
    """The height of each room in .importlinter; rooms of one floor do not know each other."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    lines = [line for line in contracts["importlinter:contract:floors"]["layers"].splitlines() if line]
    return {room.strip(): height for height, line in enumerate(reversed(lines)) for room in line.split("|")}


def test_every_import_of_the_floor_plan_runs_down_one_floor_or_more_of_those_enforced():
    heights = floors()
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", FLOORS, re.MULTILINE)
    assert {room for edge in drawn for room in edge} == set(heights) - {"dashboard"}
    assert all(heights[above] > heights[below] for above, below in drawn)


def test_every_arrow_of_the_floor_plan_is_an_import_that_there_is():
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", FLOORS, re.MULTILINE)
    for above, below in drawn:
        files = (ROOT / above).rglob("*.py")
        there = re.compile(rf"^\s*(from|import) {below}\b", re.MULTILINE)
        assert any(there.search(file.read_text()) for file in files), f"{above} imports nothing of {below}"


def test_what_two_rooms_say_to_each_other_over_http_is_no_import():
    heights = floors()
    assert "tools -. HTTP .-> serving" in FLOORS
    assert heights["tools"] == heights["serving"]
    assert "dashboard -. HTTP .-> agent" in FLOORS


def test_the_loop_shows_every_autonomy_and_the_gate_every_verdict_and_strategy():
    loop, gate = dict(DIAGRAMS)["The loop"], dict(DIAGRAMS)["What the gate asks of a challenger"]
    assert all(f"-- {autonomy.value} -->" in loop for autonomy in Autonomy)
    assert all(re.search(rf"\b{verdict.value}\[", gate) for verdict in VerdictStatus)
    assert all(strategy.value.replace("_", "/") in gate for strategy in Strategy)
