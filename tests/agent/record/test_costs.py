"""What decisions cost, from the ledger alone; and the command and the route that say it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from agent import __main__ as cli
from agent.control_plane.costs_api import cost_routes
from agent.deliberation.proposal import Deliberation
from agent.record import ledger
from agent.record.costs import by_model, decision_costs, total
from agent.record.ledger import EntryKind
from agent.record.spending import spending, storage
from tests.agent.fakes import MODEL, NOON, FakeHands, FixedAssistant
from tests.agent.traffic import answered, artifact, texts
from tests.agent.world import loop_in

ON_POSTGRESQL_TOO = True


class Hands(FakeHands):
    """Says of its training what a real one says."""

    def train(self, decision_id, choice=None):
        result = super().train(decision_id)
        return replace(
            result, body={**result.body, "cpu_seconds": 12.5, "provenance": {"base": 900, "ann": 30, "queue": 70}}
        )


@pytest.fixture
def decided(home, store):
    """A retraining that an LLM was asked about, and the pass that made it."""
    thought = Deliberation(asked=True, calls=2, input_tokens=900, output_tokens=100, cost_usd=0.002)
    loop = loop_in(home, store, hands=Hands(store, home / "diary"), assistant=FixedAssistant(thought))
    return loop.check().decision


def cost_of(store):
    (one,) = decision_costs(ledger.since(store.control, MODEL, NOON - timedelta(days=1)))
    return one


def test_a_decision_costs_its_look_its_training_its_labels_and_its_tokens(store, decided):
    one = cost_of(store)
    assert one.decision_id == decided.decision_id
    assert 0 < one.cost.look_cpu_seconds < 60
    assert (one.cost.trainings, one.cost.training_cpu_seconds) == (1, 12.5)
    assert one.cost.labels_learned_from == 100
    assert one.cost.labels_judged_by == decided.evidence.accuracy.labelled
    assert (one.cost.llm_calls, one.cost.llm_tokens, one.cost.llm_usd) == (2, 1_000, 0.002)
    assert one.cost.ledger_bytes == sum(len(e.text.encode()) for e in ledger.entries_of(store.control, one.decision_id))


def test_costs_add_up_by_model(store, decided):
    one = cost_of(store)
    assert total([one, one]).llm_tokens == 2_000
    assert by_model([one, one])[MODEL].decisions == 2


def test_events_whose_decision_lies_before_the_time_are_left_out(store, decided):
    entries = ledger.entries_of(store.control, decided.decision_id)
    assert decision_costs(entries[1:]) == []


def test_decisions_of_releases_that_noted_no_cpu_count_without_it(store, decided):
    entries = [one for one in ledger.entries_of(store.control, decided.decision_id) if one.kind != EntryKind.CLOSED]
    (one,) = decision_costs(entries)
    assert one.cost.look_cpu_seconds == 0.0


def test_what_a_model_keeps_is_counted_in_bytes(settings, store):
    sha256 = artifact(settings.artifact_dir)
    messages = texts(40, 3)
    answered(store, messages, NOON)
    kept = storage(store, settings.artifact_dir, MODEL)
    assert kept.artifact_bytes == (settings.artifact_dir / MODEL / f"{sha256}.safetensors").stat().st_size
    assert kept.log_rows == 40
    assert kept.log_bytes > sum(map(len, messages))
    assert kept.report_bytes == 0


def test_a_model_without_decisions_costs_nothing_but_its_storage(settings, store):
    body = spending(store, settings.artifact_dir, ["breast_cancer"], NOON, decisions=5)
    assert body["total"]["decisions"] == 0
    assert body["models"][0]["storage_bytes"] == 0
    assert body["decisions"] == []


def test_the_route_answers_for_one_model_or_all(settings, store, decided):
    app = FastAPI()
    app.include_router(cost_routes(store, settings.artifact_dir, {MODEL: None, "other": None}, lambda: NOON))
    client = TestClient(app)
    everything = client.get("/costs").json()
    assert [row["model"] for row in everything["models"]] == ["other", MODEL]
    one = client.get("/costs", params={"model": MODEL, "decisions": 1}).json()
    assert one["models"][0]["cost"]["llm_tokens"] == 1_000
    assert one["decisions"][0]["decision_id"] == decided.decision_id
    assert client.get("/costs", params={"since": "2027-01-01"}).json()["total"]["decisions"] == 0


def test_the_command_says_it_in_a_table_and_as_json(settings, monkeypatch, store, decided):
    monkeypatch.setenv("REFIT_HOME", str(settings.root))
    monkeypatch.setenv("REFIT_TELEMETRY_URL", settings.telemetry_address)
    monkeypatch.setenv("REFIT_CONTROL_URL", settings.control_address)
    arguments = ["costs", "--model", MODEL, "--since", "2026-11-01"]
    said = CliRunner().invoke(cli.app, [*arguments, "--json"])
    assert json.loads(said.stdout)["total"]["training_cpu_seconds"] == 12.5
    table = CliRunner().invoke(cli.app, arguments)
    assert decided.decision_id in table.stdout
