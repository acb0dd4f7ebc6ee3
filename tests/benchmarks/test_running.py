"""All benchmarks are run though one fails, and each is compared with its run before."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
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
    figures = {"alerts": [{"lost": 1}], "soak": [{"failures": 1}]}
    assert run_all(["alerts", "gate", "soak"], tmp_path, writing(tmp_path, figures, broken=["gate"])) == ["gate"]
    assert result_of("soak", tmp_path) == {"failures": 1}
    assert "gate failed with exit code 3" in capsys.readouterr().err


def test_each_is_compared_with_its_run_before_and_what_was_kept_of_others_stays(tmp_path, capsys):
    figures = {"alerts": [{"lost": 2}, {"lost": 3}], "soak": [{"failures": 4}]}
    start = writing(tmp_path, figures)
    assert run_all(["alerts", "soak"], tmp_path, start) == []
    assert "There is no run before it to compare with." in capsys.readouterr().out
    assert run_all(["alerts"], tmp_path, start) == []
    lost = {"place": "lost", "better": "lower", "before": 2.0, "after": 3.0, "ratio": 1.5}
    assert json.loads((tmp_path / "ratios.json").read_text()) == {"alerts": [lost], "soak": []}
    said = capsys.readouterr().out
    assert "worse  `lost` 1.50 times (2 to 3, lower is better)" in said
    assert "There is no run before it to compare with." not in said


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
