"""The commands of this part, as others script against them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.__main__ import app
from agent.record import ledger
from tests.agent.fakes import MODEL
from tests.agent.openai_stub import Stub, completion
from tests.agent.scripted import proposed
from tests.agent.world import loop_in

SAMPLE = Path(__file__).parents[3] / "examples" / "backtest_sms.csv"
COLUMNS = ["--time", "at", "--text", "message", "--prediction", "prediction", "--label", "label"]


@pytest.fixture
def run(home: Path, monkeypatch):
    """A command in a home of its own, without an LLM."""
    monkeypatch.setenv("REFIT_HOME", str(home))
    monkeypatch.setenv("REFIT_AGENT_LLM_ENABLED", "false")
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def decision_id(home: Path, store) -> str:
    return loop_in(home, store).check().decision.decision_id


def test_what_if_says_what_another_threshold_would_have_changed(run, decision_id: str) -> None:
    said = json.loads(run("what-if", decision_id, "--drift-threshold", 0.25, "--json").stdout)
    assert (said["headline_before"], said["headline_now"], said["same"]) == ("RETRAIN", "NO_ACTION", False)
    assert run("what-if", decision_id, "--drift-threshold", 0.2).exit_code == 0


def test_what_if_takes_any_number_of_the_policy_and_refuses_others(run, decision_id: str) -> None:
    assert run("what-if", decision_id, "--set", "max_per_day=0").exit_code == 0
    assert run("what-if", decision_id, "--set", "no_such=1").exit_code == 2
    assert run("what-if", decision_id, "--set", "max_per_day=many").exit_code == 2


def test_replay_of_one_decision_still_compares_it(run, decision_id: str) -> None:
    said = run("replay", decision_id, "--json")
    assert json.loads(said.stdout)["same"] is True
    assert said.exit_code == 0


def test_replay_of_a_history_shows_both_sides(run, decision_id: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("drift_threshold: 0.3\n")
    said = json.loads(run("replay", "--model", MODEL, "--policy", policy, "--json").stdout)
    assert (said["decisions"], said["differences"]) == (1, 1)
    assert (said["recorded"]["retrainings"], said["replayed"]["retrainings"]) == (1, 0)
    assert "alert, retrain -> hold" in run("replay", "--model", MODEL, "--policy", policy).stdout


def test_replay_wants_a_decision_or_a_model(run, decision_id: str) -> None:
    assert run("replay").exit_code == 2
    assert run("replay", decision_id, "--model", MODEL).exit_code == 2


def test_replay_with_a_prompt_and_no_llm_is_not_run(run, decision_id: str, tmp_path: Path) -> None:
    prompt = tmp_path / "p.md"
    prompt.write_text("be brief")
    said = run("replay", "--model", MODEL, "--prompt", prompt)
    assert said.exit_code == 2
    assert "NOT RUN" in said.output


def test_eval_without_an_llm_passes_and_says_not_run(run) -> None:
    said = run("eval")
    assert said.exit_code == 0
    assert "NOT RUN" in said.stdout


def test_backtest_of_the_sample_writes_its_plot(run, tmp_path: Path) -> None:
    plot = tmp_path / "plot.png"
    said = run("backtest", "--csv", SAMPLE, *COLUMNS, "--plot", plot, "--json")
    assert any("retrain" in look["effective"] for look in json.loads(said.stdout)["looks"])
    assert plot.exists()


def test_backtest_writes_no_file_that_nobody_asked_for(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("backtest", "--csv", SAMPLE, *COLUMNS, "--json")
    assert json.loads(said.stdout)["plot"] is None
    assert list(tmp_path.glob("*.png")) == []


def test_simulate_of_one_history_writes_its_plot(run, tmp_path: Path) -> None:
    plot = tmp_path / "plot.png"
    said = run("simulate", "--history", "calm", "--days", 30, "--plot", plot, "--json")
    names = {outcome["policy"] for outcome in json.loads(said.stdout)["outcomes"]}
    assert names == {"never", "daily", "fixed_threshold", "rules", "scripted agent", "informed"}
    assert plot.exists()
    assert run("simulate", "--history", "war").exit_code == 2
    assert run("simulate", "--agent", "live", "--history", "calm", "--days", 30).exit_code == 2


def test_ask_answers_from_the_record(run, decision_id: str, store) -> None:
    said = json.loads(run("ask", "what happened?", "--json").stdout)
    assert decision_id in said["answer"]
    assert said["by"] == "tools"
    assert ledger.decisions(store.control, MODEL)[0].decision_id == decision_id


def test_ask_about_traffic_that_cannot_be_read_says_so(run, decision_id: str) -> None:
    answer = json.loads(run("ask", "health", "--json").stdout)["answer"]
    assert answer.startswith("v2 serves, but its traffic could not be looked at: Artifact")


def test_simulate_asks_the_llm_of_the_settings_over_http(run, tmp_path: Path, monkeypatch) -> None:
    cited = {"evidence_field": "drift.messages", "text": "The window holds messages."}
    answer = completion(("ProposedDecision", proposed(actions=[], reasons=[cited], diagnosis="new_campaign")))
    with Stub([answer]) as stub:
        monkeypatch.setenv("REFIT_AGENT_LLM_ENABLED", "true")
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        words = ("--agent", "live", "--history", "campaigns", "--days", 30, "--most-calls", 2)
        said = run("simulate", *words, "--plot", tmp_path / "plot.png", "--json")
        assert len(stub.requests) == 2
    policies = [outcome["policy"] for outcome in json.loads(said.stdout)["outcomes"]]
    assert (said.exit_code, sum(name.startswith("agent (") for name in policies)) == (0, 1)


def test_simulate_without_an_llm_says_what_to_set_before_it_begins(run, tmp_path: Path) -> None:
    said = run("simulate", "--agent", "live", "--plot", tmp_path / "plot.png")
    assert said.exit_code == 2
    assert "OPENAI_API_KEY" in said.stderr
    assert not (tmp_path / "plot.png").exists()
