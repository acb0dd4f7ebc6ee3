"""The page of requirements: complete, current, and each line shown by something that exists."""

import re
from pathlib import Path

import pytest

from benchmarks import page, requirements
from benchmarks.requirement import Measured, Requirement
from benchmarks.requirements_list import REQUIREMENTS
from benchmarks.requirements_of_systems import F1_GATE, MAIN, NEIGHBOURS, NUMERIC, REVIEWS

ROOT = Path(__file__).parents[2]
# What the five systems were asked for, in the words of their requirements.
ASKED = (
    "training time",
    "API latency",
    "preprocessing",
    "drift detection",
    "trigger reliability",
    "dashboard load",
    "container start",
    "alert delivery",
    "registry access",
    "accuracy",
    "F1",
)
FIVE = (MAIN, F1_GATE, NUMERIC, REVIEWS, NEIGHBOURS)
SHOWN = sorted({shown for one in REQUIREMENTS for shown in one.shown_by if not shown.startswith("`")})


@pytest.mark.parametrize("shown", SHOWN)
def test_what_shows_a_requirement_exists(shown):
    path, _, name = shown.partition("::")
    assert (ROOT / path).exists()
    assert not name or re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", sorted({s for one in REQUIREMENTS for s in one.shown_by if s.startswith("`")}))
def test_a_command_that_shows_a_requirement_exists(command):
    words = command.strip("`").split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    else:
        assert words[:2] == ["python", "-m"]
        assert (ROOT / words[2].replace(".", "/")).with_suffix(".py").exists()


@pytest.mark.parametrize("asked", ASKED)
def test_every_requirement_that_was_asked_for_has_a_measured_figure(asked):
    assert any(asked in one.text and one.measured for one in REQUIREMENTS)


@pytest.mark.parametrize("asked", ["training", "accuracy", "F1"])
@pytest.mark.parametrize("system", FIVE)
def test_each_of_the_five_systems_has_its_figures(system, asked):
    assert any(one.system == system and asked in one.text and one.measured for one in REQUIREMENTS)


def test_the_page_is_what_the_results_give():
    assert requirements.PAGE.read_text() == requirements.text(REQUIREMENTS, requirements.read_results())


def test_the_page_of_benchmarks_is_what_the_results_give():
    assert page.PAGE.read_text() == page.text(requirements.read_results())


def test_a_figure_on_its_line_is_reached_and_one_beyond_it_is_missed():
    results = {"one": {"here": {"there": [3.0]}}}
    asked = Measured(result="one", at="here/there/0", at_most=3, unit=" ms")
    assert (asked.reached(results), asked.words(results), asked.line) == (True, "3.00 ms", "at most 3 ms")
    assert not Measured(result="one", at="here/there/0", at_least=3.1).reached(results)
    missed = Requirement(
        system="s", text="t", shown_by=("`c`",), measured=Measured(result="one", at="here/there/0", at_most=2)
    )
    assert missed.state(results) == "**missed**"


def test_a_row_is_found_by_what_it_says():
    results = {
        "one": {"rows": [{"case": "calm", "rows": 100, "alarm": 0.1}, {"case": "calm", "rows": 200, "alarm": 0.2}]}
    }
    assert Measured(result="one", at="rows/case=calm,rows=200/alarm").value(results) == 0.2
    with pytest.raises(KeyError, match=r"no figure at rows/case=stormy/alarm"):
        Measured(result="one", at="rows/case=stormy/alarm").value(results)


def test_a_figure_that_is_not_there_is_named():
    with pytest.raises(KeyError, match=r"one\.json has no figure at a/b"):
        Measured(result="one", at="a/b").value({"one": {"a": {}}})
