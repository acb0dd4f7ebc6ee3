"""The commands over large logs, in this process: what they write, what they print, and what they say without Ray."""

import json

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipeline.errors import BackendError, NoChampionError
from scaling import running
from scaling.__main__ import app
from tests.agent.fakes import MODEL


@pytest.fixture
def refit(store, settings, monkeypatch):
    """Runs a command in the home of the log. Errors come out as they are."""
    monkeypatch.setenv("REFIT_HOME", str(settings.root))

    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)

    return run


def test_backfill_writes_a_line_for_each_window_and_says_how_many_drifted(refit, tmp_path):
    out = tmp_path / "reports" / "all.jsonl"
    done = refit("backfill", MODEL, "--rows", 100, "--backend", "local", "--out", out, "--json")
    said = json.loads(done.stdout)
    reports = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["number"] for one in reports] == list(range(7))
    assert (said["windows"], said["with_drift"]) == (7, 2)
    assert "7 windows" in refit("backfill", MODEL, "--rows", 100, "--backend", "local", "--out", out).stdout


def test_score_writes_every_row_once(refit, tmp_path):
    done = refit("score", MODEL, "--rows", 250, "--backend", "local", "--out", tmp_path / "scores", "--json")
    assert json.loads(done.stdout)["rows"] == 620
    table = pq.read_table(tmp_path / "scores")
    assert len(set(table.column("prediction_id").to_pylist())) == table.num_rows == 620


def test_a_model_without_a_champion_is_named(refit, tmp_path):
    with pytest.raises(NoChampionError, match="breast_cancer"):
        refit("score", "breast_cancer", "--backend", "local", "--out", tmp_path)


@pytest.mark.parametrize("words", [("serve",), ("score", MODEL, "--out", "scores")])
def test_without_ray_a_command_says_how_to_get_it(refit, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"pip install -r requirements-ray\.txt"):
        refit(*words)
