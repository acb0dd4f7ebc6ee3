"""What an operator's commands say over a real store: status, exports, unknown names, what to do next."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from launch.__main__ import app
from pipeline.clock import utc_now
from pipeline.errors import RefitError, UnknownModelError
from tests.agent.fakes import MODEL, add_champion
from tests.agent.traffic import answered, artifact, labelled, texts

NEW_WORDS = [f"zu{number:02}" for number in range(60)]


@pytest.fixture
def invoke(home, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "REFIT_AGENT_API_KEY", "REFIT_AGENT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REFIT_HOME", str(home))
    monkeypatch.setenv("REFIT_CALLED_AS", "bin/refit")

    def run(*words):
        return CliRunner().invoke(app, list(words))

    return run


@pytest.fixture
def drifted(store, settings, invoke):
    """A champion with drifted traffic, few labels, and one look at it; the decision as JSON."""
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    ids = answered(store, texts(120, 5, NEW_WORDS), utc_now())
    labelled(store, ids[:40], wrong=1, at=utc_now())
    return json.loads(invoke("check", MODEL, "--json").stdout)


def lines(result) -> list[dict]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_status_has_every_model_with_its_light_and_says_what_to_do(drifted, invoke):
    rows = {row["model"]: row for row in json.loads(invoke("status", "--json").stdout)["models"]}
    assert len(rows) > 1
    mine = rows[MODEL]
    assert mine["champion"] == "v1"
    assert mine["light"] != "green"
    assert mine["drift"] > 0.15
    assert mine["accuracy"]["labelled"] == 40
    assert mine["last_decision"]["decision_id"] == drifted["decision_id"]
    other = next(row for name, row in rows.items() if name != MODEL)
    assert (other["light"], other["champion"], other["drift"]) == ("grey", None, None)
    shown = " ".join(invoke("status").stdout.split())
    assert "bin/refit train" in shown
    assert rows[MODEL]["why"][:20] in shown


def test_status_of_one_model_ends_with_its_versions(drifted, invoke):
    assert json.loads(invoke("status", MODEL, "--json").stdout)["model"] == MODEL
    shown = invoke("status", MODEL).stdout
    assert "Versions, newest first" in shown
    assert "a champion for the test" in shown


def test_decisions_are_exported_oldest_first_as_json_lines_and_as_csv(drifted, invoke):
    again = json.loads(invoke("check", MODEL, "--json").stdout)
    rows = lines(invoke("export", "decisions", "--model", MODEL))
    assert [row["decision_id"] for row in rows] == [drifted["decision_id"], again["decision_id"]]
    assert rows[0]["headline"] == drifted["headline"]
    assert rows[0]["events"][-1] == "closed"
    table = list(csv.DictReader(io.StringIO(invoke("export", "decisions", "--format", "csv").stdout)))
    assert [row["decision_id"] for row in table] == [row["decision_id"] for row in rows]
    assert json.loads(table[0]["rules"]) == rows[0]["rules"]
    assert lines(invoke("export", "decisions", "--since", "2999-01-01")) == []
    assert lines(invoke("export", "decisions", "--model", "breast_cancer")) == []


def test_registry_labels_and_reports_are_exported_without_any_text(drifted, invoke, tmp_path):
    registry = lines(invoke("export", "registry", "--model", MODEL))
    assert [row["row"] for row in registry] == ["version", "move"]
    labels = lines(invoke("export", "labels"))
    assert len(labels) == 40
    assert {row["model"] for row in labels} == {MODEL}
    file = tmp_path / "reports.csv"
    assert invoke("export", "reports", "--format", "csv", "--out", str(file)).exit_code == 0
    reports = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["decision_id"] for row in reports] == [drifted["decision_id"]]
    assert float(reports[0]["vocabulary_drift"]) > 0.15
    written = json.dumps([registry, labels, lines(invoke("export", "decisions"))]) + file.read_text()
    assert not [word for word in NEW_WORDS if word in written]


def test_past_looks_are_listed_with_their_drift(drifted, invoke):
    found = json.loads(invoke("drift", MODEL, "--json").stdout)
    assert found["drift_threshold"] == 0.15
    assert [look["decision_id"] for look in found["looks"]] == [drifted["decision_id"]]
    assert "unscheduled" in invoke("drift", MODEL).stdout
    assert "bin/refit monitor breast_cancer" in invoke("drift", "breast_cancer").stdout


@pytest.mark.parametrize(
    ("words", "there_is"),
    [
        (("explain", "nope"), "The newest are: {decision_id}"),
        (("replay", "nope"), "The newest are: {decision_id}"),
        (("what-if", "nope"), "The newest are: {decision_id}"),
        (("approve", "nope"), "There is no approval nope. None waits."),
        (("compare", MODEL, "v1", "v9"), "has no version v9. There are: v1."),
        (("promote", MODEL, "v9"), "has no version v9. There are: v1."),
        (("release", MODEL, "v9"), "has no version v9. There are: v1."),
        (("rebuild", MODEL, "v9"), "has no version v9. There are: v1."),
        (("lineage", MODEL, "v9"), "has no version v9. There are: v1."),
        (("decisions", "nope"), "Known: breast_cancer"),
        (("approvals", "nope"), "Known: breast_cancer"),
        (("export", "labels", "--model", "nope"), "Known: breast_cancer"),
    ],
)
def test_what_is_unknown_is_answered_with_what_there_is(drifted, invoke, words, there_is):
    error = invoke(*words).exception
    assert isinstance(error, RefitError)
    assert there_is.format(**drifted) in str(error)


def test_a_model_whose_file_is_missing_is_said_so_by_every_command_that_takes_one(invoke):
    assert isinstance(invoke("status", "nope").exception, UnknownModelError)


def test_for_scripts_nothing_but_json_is_printed(drifted, invoke):
    for words in (("status",), ("decisions",), ("drift", MODEL), ("monitor", MODEL), ("approvals",), ("verify",)):
        result = invoke(*words, "--json")
        json.loads(result.stdout)
        assert result.stderr == "", words


def test_an_approval_is_listed_with_what_to_type_and_a_second_answer_is_refused(store, settings, invoke, monkeypatch):
    monkeypatch.setenv("REFIT_AGENT_AUTONOMY", "propose")
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    ids = answered(store, texts(120, 5, NEW_WORDS), utc_now())
    labelled(store, ids, wrong=0, at=utc_now())
    assert invoke("check", MODEL).exit_code == 14
    waiting = json.loads(invoke("approvals", "--json").stdout)["approvals"][0]["approval_id"]
    shown = invoke("approvals").stdout
    assert f"bin/refit approve {waiting}" in " ".join(shown.split())
    status = json.loads(invoke("status", MODEL, "--json").stdout)
    assert status["waiting"] == 1
    said = invoke("reject", waiting, "--who", "ann").stdout
    assert "bin/refit explain" in said
    assert "is rejected already (by ann)" in str(invoke("approve", waiting).exception)
