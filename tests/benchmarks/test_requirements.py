"""The page of requirements: complete, current, and each line shown by something that exists."""

import re
from pathlib import Path

import pytest

from benchmarks import page, requirements
from benchmarks.marks import filled
from benchmarks.parts import DOCS, PARTS
from benchmarks.requirement import Measured, Requirement
from benchmarks.requirements_list import REQUIREMENTS
from benchmarks.requirements_of_systems import F1_GATE, MAIN, NEIGHBOURS, NUMERIC, REVIEWS

ROOT = Path(__file__).parents[2]
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# What was asked for and is to be measured, in the words of the requirements.
ASKED = (
    "training time",
    "API latency at 1,000 requests/s: p95",
    "preprocessing",
    "drift detection",
    "trigger reliability",
    "the deciding model",
    "dashboard load",
    "container start",
    "alert delivery",
    "registry access",
    "accuracy",
    "F1",
    "seeded kills",
    "requests/s beside",
    "memory",
    "100 swaps",
    "prediction log",
    "500 models",
    "recent labels",
    "calm run",
    "reference profile",
    "ten million rows",
    "batches of 1,000",
)
# The features that were asked for, by where they stand on the page: a word of each in a line that a test shows.
FEATURES = {
    MAIN: ("one command from data to swap", "homes", "lineage", "rebuilt", "spam patterns", "keeps what it knew"),
    F1_GATE: ("strictly better", "exported and imported", "/classify"),
    NUMERIC: ("30 features", "registry.json and audit.log", "drift of numbers"),
    REVIEWS: ("transformer", "official test half"),
    NEIGHBOURS: ("shadow, canary, blue/green and rollback", "became shorter", "marks moved it"),
    "Any model": ("one file", "no other down", "SQL query", "quarantine", "held back", "without pickle"),
    "Monitoring": ("calm year", "causes", "too few", "out-of-order", "label queue", "sheets", "Evidently"),
    "The gate": ("how many more labels", "unchanged", "1e-9", "rollback"),
    "The agent": (
        "mandatory",
        "hostile",
        "documented example",
        "no word of a message",
        "without an LLM",
        "killed agent",
        "two agents",
        "verified and replayed",
        "approvals",
        "number of the reasoning",
        "tokens and money",
        "demoted",
        "loses the acting tools",
        "chat",
        "what-if",
        "backtest",
        "simulation",
    ),
    "The prediction service": (
        "bad challenger",
        "logging mode",
        "keys, rates, size limits",
        "Open Inference Protocol",
        "5xx",
        "half-open",
        "bad input",
        "straight way",
        "blue/green",
        "local copy",
        "heavy library",
        "latency history",
    ),
    "What operators see": (
        "in one thread for each incident",
        "channel that is down",
        "Slack, over HTTP and Socket Mode",
        "mail over TLS",
        "webhook",
        "label",
        "no mention",
        "what-if",
        "approvals",
        "real browser",
        "command line",
        "assistant of one's own",
        "runbook",
        "diagrams",
    ),
    "Running it": (
        "starts, watches, restarts and stops",
        "schedules by calendar and zone",
        "cancellation",
        "doctor",
        "POST /events/data",
        "viewer, operator and approver",
        "audit",
        "SBOM",
        "secrets",
        "migrations",
        "retention, backup and restore",
        "MLflow",
        "artefacts by digest",
        "compose in CI",
        "not root",
        "Kubernetes",
        "models workflow",
        "workflows fit their schemas",
        "metrics, structured logs, spans",
        "Grafana dashboard file",
        "network faults",
        "read-only",
        "clock jumps",
        "Slack, MLflow or the LLM away",
        "two schedulers",
        "training to the alert",
    ),
    "Beyond one machine": (
        "Ray cluster",
        "same bytes",
        "Ray Serve replicas with autoscaling",
        "slow and broken ones",
        "take over from each other",
        "costs of a decision",
        "capacity",
        "every benchmark in one command",
    ),
}
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


@pytest.mark.parametrize(
    ("system", "asked"), [(system, asked) for system, all_of in FEATURES.items() for asked in all_of]
)
def test_every_feature_that_was_asked_for_has_its_line(system, asked):
    assert any(one.system == system and asked in one.text for one in REQUIREMENTS)


def test_no_part_of_the_page_is_without_features_that_were_asked_for():
    assert {one.system for one in REQUIREMENTS} == set(FEATURES)


@pytest.mark.parametrize("one", [one for one in REQUIREMENTS if not one.measured], ids=lambda one: one.text[:40])
def test_a_feature_is_shown_by_a_test_or_by_a_command_and_not_by_a_file_of_the_product(one):
    for shown in one.shown_by:
        assert shown.startswith(("`", "tests/", ".ci/", ".github/workflows/"))


def test_what_was_not_run_says_so_and_is_not_reached():
    asked = Measured(result="one", at="score", at_least=0.8)
    row = Requirement(system="s", text="t", shown_by=("`c`",), measured=asked)
    assert row.state({"one": {"score": None}}) == "**not run**"
    assert not asked.reached({"one": {"score": None}})
    assert row.row({"one": {"score": None}})[2] == "–"


def test_beside_a_peer_a_figure_is_how_many_times_as_long_the_peer_takes():
    asked = Measured(result="one", at="ours", peer="theirs", unit=" times", at_least=2, digits=1)
    assert asked.words({"one": {"ours": 5.0, "theirs": 20.0}}) == "4.0 times"


@pytest.mark.parametrize("asked", ["training", "accuracy", "F1"])
@pytest.mark.parametrize("system", FIVE)
def test_each_of_the_five_systems_has_its_figures(system, asked):
    assert any(one.system == system and asked in one.text and one.measured for one in REQUIREMENTS)


def test_the_page_is_what_the_results_give():
    assert requirements.PAGE.read_text() == requirements.text(REQUIREMENTS, requirements.read_results())


def test_the_page_of_benchmarks_is_what_the_results_give():
    assert page.PAGE.read_text() == page.text(requirements.read_results())


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.page}, {part.mark}")
def test_a_part_of_a_page_is_what_the_results_give(part):
    """Otherwise: python -m benchmarks --pages"""
    text = (DOCS / part.page).read_text()
    assert filled(text, part.mark, part.words(requirements.read_results()[part.result])) == text


def test_a_page_without_its_marks_is_an_error():
    with pytest.raises(ValueError, match="no place between"):
        filled("<!-- other -->\n<!-- /other -->", "this", "lines")


def test_what_the_readme_says_of_the_demonstration_is_what_was_counted():
    """Otherwise: the sentences under the demonstration, from results/demo.json."""
    found = requirements.read_results()["demo"]
    drift, calm, said = found["drift"], found["calm"], " ".join((ROOT / "README.md").read_text().split())
    seen = drift["second_window"]["RETRAIN"]
    assert seen == drift["runs"]
    assert calm["no_action_in_both"] == calm["runs"]
    assert drift["failed_requests"] == calm["failed_requests"] == 0
    assert f"Over {drift['runs']} seeds with the campaign all {seen} windows were found and retrained on" in said
    refused = NUMBERS[seen - drift["promoted"]]
    assert f"and {drift['promoted']} of the retrainings ended in a promotion; {refused} times the gate refused" in said
    calmed = (
        f"Over {calm['runs']} seeds without a campaign (`make demo DRIFT=0`), all {calm['no_action_in_both']} ended in"
    )
    assert calmed in said
    assert f"No request failed in any of the {drift['runs'] + calm['runs']} runs" in said


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
    commas = {"one": {"rows": [{"case": "calm, or nearly", "rows": 1, "alarm": 0.3}]}}
    assert Measured(result="one", at="rows/case=calm, or nearly,rows=1/alarm").value(commas) == 0.3
    with pytest.raises(KeyError, match=r"no figure at rows/case=stormy/alarm"):
        Measured(result="one", at="rows/case=stormy/alarm").value(results)


def test_a_figure_that_is_not_there_is_named():
    with pytest.raises(KeyError, match=r"one\.json has no figure at a/b"):
        Measured(result="one", at="a/b").value({"one": {"a": {}}})
