"""Every headline figure is compared with the run before, faster is told from slower, and settings are no figures."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.compared_figures import FIGURES, Better
from benchmarks.comparison import changed_settings, compared, figures, from_json, lines, summary
from benchmarks.requirement import row_of
from benchmarks.requirements import read_results
from benchmarks.requirements_list import REQUIREMENTS
from benchmarks.running import PARTS, result_of

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
MEASURED = [name for name in BENCHMARKS if result_of(name, RESULTS)]
HEADLINES = sorted(
    {
        (m.result, m.at): one for one in REQUIREMENTS if (m := one.measured) and m.value(read_results()) is not None
    }.values(),
    key=lambda one: (one.measured.result, one.measured.at),
)


@pytest.mark.parametrize("name", MEASURED)
def test_every_benchmark_with_results_has_figures_to_compare(name):
    result = result_of(name, RESULTS)
    found = compared(name, result, result)
    assert found
    assert {one.gain for one in found} == {1.0}


def test_every_benchmark_says_which_of_its_figures_are_compared():
    assert set(FIGURES) == set(BENCHMARKS)


def raised(result, at):
    """The result with the figure of that place, in the words of a requirement, ten times as high and one more."""
    changed, steps = deepcopy(result), at.split("/")
    inner = changed
    for step in steps[:-1]:
        inner = row_of(inner, step) if isinstance(inner, list) else inner[step]
    inner[steps[-1]] = 10 * inner[steps[-1]] + 1
    return changed


@pytest.mark.parametrize("headline", HEADLINES, ids=lambda one: f"{one.measured.result}/{one.measured.at}")
def test_every_headline_figure_is_compared_and_the_way_in_which_it_is_better_is_that_of_its_line(headline):
    measured, before = headline.measured, read_results()[headline.measured.result]
    after, writers = raised(before, measured.at), [measured.result]
    writers += [name for name, (file, _) in PARTS.items() if file == measured.result]
    moved = []
    for name in writers:
        part = PARTS.get(name, (name, None))[1]
        old, new = (before, after) if part is None else (before[part], after[part])
        moved += [one for one in compared(name, old, new) if one.before != one.after]
    assert len(moved) == 1
    if measured.at_least is not None and measured.peer is None:
        assert moved[0].better is Better.HIGHER
        assert moved[0].gain > 1
    if measured.at_most is not None or measured.peer is not None:
        assert moved[0].better is Better.LOWER
        assert moved[0].gain < 1


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("alerts", "poll_seconds"),
        ("dashboard", "target/cold_seconds"),
        ("serving", "seconds"),
        ("store", "sqlite/curve/rows=10000/rows"),
    ],
)
def test_settings_are_no_figures(name, constant):
    assert constant not in dict(figures(name, result_of(name, RESULTS)))


def test_faster_is_better_whether_it_is_a_time_or_a_rate():
    before = {"sqlite": {"rows_per_second": {"100": 10.0}, "curve": [{"rows": 5, "look": 10.0}]}}
    after = {"sqlite": {"rows_per_second": {"100": 20.0}, "curve": [{"rows": 5, "look": 5.0}]}}
    faster = {one.place: (one.ratio, one.gain) for one in compared("store", before, after)}
    assert faster == {"sqlite/rows_per_second/100": (2.0, 2.0), "sqlite/curve/rows=5/look": (0.5, 2.0)}
    assert {one.gain for one in compared("store", after, before)} == {0.5}


def test_rows_are_told_apart_by_what_they_say_and_not_by_their_number():
    before = {"rounds": [{"models": 500, "seconds": 18.0}, {"models": 500, "seconds": 20.0}]}
    after = {"rounds": [{"models": 50, "seconds": 2.0}, {"models": 500, "seconds": 9.0}]}
    (found,) = compared("many_models", before, after)
    assert (found.place, found.ratio) == ("rounds/models=500/seconds", 0.5)


def test_a_figure_that_was_nothing_has_no_ratio_and_is_the_worst():
    before, after = {"lost": 0, "twice": 0, "seconds": {"p99": 1.0}}, {"lost": 3, "twice": 0, "seconds": {"p99": 9.0}}
    found = compared("alerts", before, after)
    assert [(one.place, one.ratio) for one in found] == [("lost", None), ("seconds/p99", 9.0), ("twice", 1.0)]
    assert "Worst: `lost` from 0 (0 to 3, lower is better)." in summary(found)


def test_a_reader_sees_each_ratio_which_way_is_better_and_the_worst_and_the_best():
    before = {"look_ms": {"median": 50.0, "p95": 100.0}, "replayed_the_same": 60}
    after = {"look_ms": {"median": 25.0, "p95": 200.0}, "replayed_the_same": 60}
    found = compared("deciding", before, after)
    assert lines(found).splitlines() == [
        "worse  `look_ms/p95` 2.00 times (100 to 200, lower is better)",
        "same   `replayed_the_same` 1.00 times (60 to 60, higher is better)",
        "better `look_ms/median` 0.50 times (50 to 25, lower is better)",
    ]
    assert summary(found) == (
        "Beside the run before, 3 figures: 1 are better and 1 worse by more than 10%. "
        "Worst: `look_ms/p95` 2.00 times (100 to 200, lower is better). "
        "Best: `look_ms/median` 0.50 times (50 to 25, lower is better)."
    )
    assert summary([]) == ""


def test_runs_of_other_settings_are_told():
    before, after = {"about": {"one_agent": {"models": 80}}}, {"about": {"one_agent": {"models": 500}}}
    assert changed_settings("many_models", before, after) == ["about/one_agent/models 80 before, 500 now"]
    assert changed_settings("many_models", after, after) == []
    assert changed_settings("many_models", {}, after) == []


def test_what_was_compared_is_kept_whole():
    found = compared("alerts", {"lost": 0, "twice": 1}, {"lost": 3, "twice": 2})
    kept = json.loads(json.dumps([one.as_json() for one in found]))
    assert [from_json(row) for row in kept] == found
    assert all(isinstance(row, Mapping) and set(row) >= {"ratio", "better"} for row in kept)
