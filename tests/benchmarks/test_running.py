"""All benchmarks are run though one fails, and each is compared with its run before."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.comparison import summary
from benchmarks.running import PARTS, in_a_process, result_of, run_all

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def writing(results, figures, broken=()):
    """Starts benchmarks that write the next of their figures, or end with an error."""

    def start(name):
        if name in broken:
            return 3
        (results / f"{name}.json").write_text(json.dumps(figures[name].pop(0)))
        return 0

    return start


def test_one_that_fails_stops_no_other_and_is_named(tmp_path, capsys):
    figures = {"one": [{"a_ms": 1.0}], "three": [{"b_ms": 1.0}]}
    assert run_all(["one", "two", "three"], tmp_path, writing(tmp_path, figures, broken=["two"])) == ["two"]
    assert result_of("three", tmp_path) == {"b_ms": 1.0}
    assert "two failed with exit code 3" in capsys.readouterr().err


def test_each_is_compared_with_its_run_before_and_what_was_kept_of_others_stays(tmp_path, capsys):
    figures = {"one": [{"a_ms": 2.0}, {"a_ms": 3.0}], "two": [{"per_second": 4.0}]}
    start = writing(tmp_path, figures)
    assert run_all(["one", "two"], tmp_path, start) == []
    assert run_all(["one"], tmp_path, start) == []
    assert json.loads((tmp_path / "ratios.json").read_text()) == {"one": {"a_ms": 1.5}, "two": {}}
    said = capsys.readouterr().out
    assert "There is no run before it to compare with." in said
    assert "1 figures, median ratio 1.50" in said


def test_of_one_that_fails_the_ratios_stay(tmp_path):
    (tmp_path / "ratios.json").write_text('{"one": {"a_ms": 1.5}}')
    assert run_all(["one"], tmp_path, writing(tmp_path, {}, broken=["one"])) == ["one"]
    assert json.loads((tmp_path / "ratios.json").read_text()) == {"one": {"a_ms": 1.5}}


def test_one_that_writes_into_the_result_of_another_is_compared_by_its_part(tmp_path):
    file, part = PARTS["registry_access"]
    (tmp_path / f"{file}.json").write_text(json.dumps({part: {"a_ms": 1.0}, "other_ms": 5.0}))
    assert result_of("registry_access", tmp_path) == {"a_ms": 1.0}


def test_a_process_that_cannot_start_has_failed():
    assert in_a_process("no_such_benchmark") != 0


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_of_the_list_is_a_program(name):
    text = (ROOT / "benchmarks" / f"{name}.py").read_text()
    assert '\nif __name__ == "__main__":\n' in text


def test_every_result_is_of_a_benchmark_of_the_list():
    """So that `python -m benchmarks` makes every figure anew."""
    assert {file.stem for file in RESULTS.glob("*.json")} - {"ratios"} <= set(BENCHMARKS)


def test_ratios_are_told_in_a_sentence():
    assert summary({}) == ""
    assert summary({"a_ms": 0.5, "b_ms": 2.0, "c_ms": 1.0}) == (
        "Beside the run before: 3 figures, median ratio 1.00, from 0.50 (`a_ms`) to 2.00 (`b_ms`)."
    )
