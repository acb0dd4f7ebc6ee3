"""The commands: exit codes, JSON for scripts, sentences for people."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent import __main__ as cli
from agent.actions import Headline
from agent.commands.deciding import EXIT_CODES, WAITS_FOR_APPROVAL
from pipeline.clock import utc_now
from pipeline.releases.promotion import pointer
from tests.agent.fakes import MODEL, add_champion, add_verdict, add_version
from tests.agent.traffic import answered, artifact, labelled, texts
from tests.agent.world import loop_in

EXAMPLES = Path(__file__).parents[3] / "examples"
NEW_WORDS = [f"zu{number:02}" for number in range(60)]


@pytest.fixture
def run(home, monkeypatch):
    """Runs a command over the stores of this test, without a deciding model whatever the environment holds."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "REFIT_AGENT_API_KEY", "REFIT_AGENT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REFIT_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments, code=0):
        result = CliRunner().invoke(cli.app, list(arguments))
        assert result.exit_code == code, result.output
        # Lines break where the terminal of the test run ends, wherever that is.
        return json.loads(result.stdout) if "--json" in arguments else " ".join(result.stdout.split())

    return invoke


@pytest.mark.parametrize(
    ("file", "headline", "code", "effective"),
    [
        ("evidence_with_labels.json", "RETRAIN", 10, ["alert", "retrain"]),
        ("evidence_without_labels.json", "ALERT", 11, ["alert", "request_labels"]),
    ],
)
def test_the_documented_example_decides_as_documented(run, file, headline, code, effective):
    said = run("decide", "--evidence", str(EXAMPLES / file), "--json", code=code)
    assert (said["headline"], said["effective"]) == (headline, effective)
    drift = said["record"]["evidence"]["drift"]
    assert (drift["vocabulary_drift"], drift["tfidf_drift"]) == (0.23, 0.18)
    assert said["record"]["evidence"]["accuracy"]["estimate"] == 0.942
    words = run("decide", "--evidence", str(EXAMPLES / file), code=code)
    assert f"Decision: {headline}" in words
    for expected in ("0.23", "0.18", "94.2%", "above 0.15", "+0.08", "Required: "):
        assert expected in words


def test_deciding_on_a_file_records_nothing(run, store):
    run("decide", "--evidence", str(EXAMPLES / "evidence_with_labels.json"), code=10)
    assert run("decisions", "--json")["decisions"] == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"model": "sms_spam", "drift": {"vocabulary": 0.2}}', "drift.vocabulary"),
        ('{"model": "sms_spam", "drift": {"vocabulary_drift": NaN}}', "drift.vocabulary_drift"),
        ('{"model": "sms_spam", "drift": {"status": "fine"}}', "drift.status"),
        ("no json", "JSON"),
        ("{}", "model"),
    ],
)
def test_evidence_that_is_none_names_the_field_that_is_wrong(run, tmp_path, content, named):
    file = tmp_path / "evidence.json"
    file.write_text(content)
    result = CliRunner().invoke(cli.app, ["decide", "--evidence", str(file)])
    assert named in str(result.exception)


def test_errors_end_with_code_one_and_a_sentence(run, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["agent", "check", "no_such_model"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "There is no managed model 'no_such_model'" in capsys.readouterr().err


def test_usage_errors_end_with_code_two(run):
    run("check", code=2)
    run("decide", code=2)


def test_every_headline_has_an_exit_code_of_its_own():
    codes = [*EXIT_CODES.values(), WAITS_FOR_APPROVAL]
    assert set(EXIT_CODES) == set(Headline)
    assert len(set(codes)) == len(codes)
    assert not {1, 2, 3} & set(codes)


def test_a_check_without_a_champion_says_how_to_get_one(run):
    words = run("check", MODEL)
    assert "Decision: NO_ACTION" in words
    assert f"python -m pipeline train {MODEL}" in words


def test_a_check_prints_figures_lines_decision_and_reasons_and_records_them(run, settings, store):
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    answered(store, texts(120, 5, NEW_WORDS), utc_now())
    words = run("check", MODEL, code=11)
    for expected in (
        "vocabulary drift",
        "above 0.15",
        "Decision: ALERT",
        "ask_when_drift_has_no_labels",
        "What was done",
    ):
        assert expected in words
    decision_id = re.search(r"explain (\w+)", words).group(1)
    again = run("explain", decision_id, "--json")
    assert (again["headline"], again["decision_id"]) == ("ALERT", decision_id)
    assert [event["kind"] for event in again["events"]][-1] == "closed"
    assert run("replay", decision_id, "--json")["same"]
    assert run("verify", "--json")["intact"]
    assert decision_id in run("decisions")
    assert run("scorecard", MODEL, "--json")["demoted"] is False


def test_a_dry_run_gives_the_same_code_and_records_nothing(run, settings, store):
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    answered(store, texts(120, 5, NEW_WORDS), utc_now())
    assert "nothing was recorded" in run("check", MODEL, "--dry-run", code=11)
    said = run("check", MODEL, "--dry-run", "--json", code=11)
    assert (said["recorded"], said["exit_code"]) == (False, 11)
    assert run("decisions", "--json")["decisions"] == []


def test_a_decision_that_waits_for_a_person_has_a_code_of_its_own_and_can_be_rejected(
    run, settings, store, monkeypatch
):
    monkeypatch.setenv("REFIT_AGENT_AUTONOMY", "propose")
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    ids = answered(store, texts(120, 5, NEW_WORDS), utc_now())
    labelled(store, ids, wrong=0, at=utc_now())
    words = run("check", MODEL, code=14)
    approval_id = re.search(r"approve (\w+)", words).group(1)
    assert approval_id in run("approvals")
    said = run("reject", approval_id, "--who", "ann", "--json")
    assert (said["state"], said["events"][-1]["kind"]) == ("rejected", "closed")
    assert run("approvals", "--json")["approvals"] == []


def test_a_broken_ledger_ends_verify_with_code_one(run, home, store):
    from sqlalchemy import text

    loop_in(home, store, {}).check()
    tip = run("verify", "--json")["tip"]
    run("verify", "--tip", tip)
    with store.control.begin() as connection:
        connection.execute(text("delete from ledger where seq = (select max(seq) from ledger)"))
    assert "cut off" in run("verify", "--tip", tip, code=1)
    with store.control.begin() as connection:
        connection.execute(text("update ledger set kind = 'other'"))
    assert "NOT intact" in run("verify", code=1)


def test_an_approval_from_the_command_line_promotes_that_very_version(run, settings, store, monkeypatch):
    monkeypatch.setenv("REFIT_AGENT_AUTONOMY", "propose")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////proc/nowhere/mlflow.db")  # MLflow is only a view of it
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    version = add_version(store, at=utc_now())
    add_verdict(store, version, against=1, at=utc_now())
    words = run("check", MODEL, code=14)
    assert "Decision: PROMOTE" in words
    assert pointer(store.control, MODEL).version == 1
    approval_id = re.search(r"approve (\w+)", words).group(1)
    said = run("approve", approval_id, "--who", "ann", "--json")
    kinds = [event["kind"] for event in said["events"]]
    assert kinds[-5:] == ["approval_granted", "effect_started", "promoted", "effect_done", "closed"]
    assert pointer(store.control, MODEL).version == version
    run("approve", approval_id, "--who", "bob", code=1)
