"""`ask` on the command line: it answers, and opens decisions only with --act."""

import json

import pytest
from typer.testing import CliRunner

from agent import __main__ as cli
from agent.record import ledger
from pipeline.clock import utc_now
from tests.agent.fakes import MODEL, add_champion
from tests.agent.traffic import answered, artifact, texts


@pytest.fixture
def run(home, settings, store, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "REFIT_AGENT_API_KEY", "REFIT_AGENT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REFIT_HOME", str(home))
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    answered(store, texts(60, 5), utc_now())

    def invoke(*words):
        result = CliRunner().invoke(cli.app, ["ask", *words, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return invoke


def test_without_act_a_request_is_refused_and_nothing_is_recorded(run, store):
    assert "refused by acting_is_not_enabled" in run("request labels")["answer"]
    assert ledger.decisions(store.control) == []


def test_with_act_it_opens_a_decision_that_is_carried_out_before_the_command_ends(run, store):
    said = run("request labels", "--act", "--conversation", "c7")
    (entry,) = ledger.decisions(store.control, MODEL)
    assert said["answer"] == f"recorded in decision {entry.decision_id}: request_labels."
    assert entry.body["deliberation"]["conversation"] == "c7"
    assert ledger.unfinished(store.control, MODEL) == []


def test_with_act_the_policy_refuses_by_the_name_of_its_rule(run):
    assert "by no_retraining_without_enough_new_labels: " in run("retrain", "--act")["answer"]
