"""What strangers wrote, on a terminal and in JSON: signs, and no commands of a terminal, no markup, no traceback."""

import json

import pytest
from sqlalchemy import insert

from pipeline.commands import labels, reporting
from pipeline.commands.common import out
from pipeline.commands.training import evaluate
from pipeline.errors import InputError
from pipeline.gate.rules import RuleOutcome, RuleResult, Verdict, VerdictStatus
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.promotion import promote
from pipeline.store import telemetry as tables
from tests.pipeline.builders import NOON, add_verdict, add_version, environment_of

MODEL = "sms_spam"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m win [/x] a \u202eprize\nnow \ud83c"
SEEN = "win [/x] a"


@pytest.fixture(autouse=True)
def deployment(settings, store, monkeypatch, tmp_path_factory):
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    for place, model in enumerate((MODEL, "breast_cancer")):
        add_version(settings, store, 1, model=model)
        judged = JudgedVersion(
            model=model,
            version=1,
            verdict_id=add_verdict(store, 1, champion=None, model=model),
            expected_generation=0,
        )
        promote(store.control, judged, Provenance(who="test", why="first", at=NOON))
        row = {"prediction_id": f"p{place}", "model": model, "version": 1, "slot": "champion", "at": NOON}
        row |= {"input": tables.encode_input(HOSTILE), "prediction": 1, "score": 0.7}
        with store.telemetry.begin() as connection:
            connection.execute(insert(tables.predictions), [row])


def test_a_message_in_the_label_queue_commands_no_terminal(capsys):
    labels.queue(MODEL)
    said = capsys.readouterr().out
    assert SEEN in said
    assert all(sign.isprintable() or sign == "\n" for sign in said)


def test_half_a_character_in_the_label_queue_is_an_escape_in_json(capsys):
    labels.queue(MODEL, json=True)
    said = capsys.readouterr().out
    said.encode()
    assert json.loads(said)["items"][0]["input"] == HOSTILE


def test_a_reason_of_the_gate_is_shown_as_it_is_written_without_markup(capsys):
    reason = f"not better than the stored baseline ({HOSTILE})"
    result = RuleResult(rule="beats_baseline", outcome=RuleOutcome.FAILED, observed=None, required=None, reason=reason)
    out.print(reporting.verdict_table(Verdict(status=VerdictStatus.FAILED, results=(result,))), soft_wrap=True)
    said = capsys.readouterr().out
    assert "[/x]" in said
    assert "\x1b]0" not in said
    assert "\x9b" not in said


def test_a_model_of_numbers_is_not_evaluated_on_lines_of_text(tmp_path):
    file = tmp_path / "rows.tsv"
    file.write_text("benign\tsome text\n")
    with pytest.raises(InputError, match="compare breast_cancer"):
        evaluate("breast_cancer", file)


def sheet(tmp_path, *rows):
    file = tmp_path / "labels.csv"
    file.write_text("prediction_id,label\n" + "".join(f"{one},{label}\n" for one, label in rows))
    return file


def test_labels_for_another_models_predictions_are_refused_whole(tmp_path, store):
    with pytest.raises(InputError, match="such as p0 of sms_spam"):
        labels.import_sheet("breast_cancer", sheet(tmp_path, ("p1", "benign"), ("p0", "benign")))
    with store.telemetry.connect() as connection:
        assert connection.execute(tables.labels.select()).all() == []


def test_labels_for_the_models_predictions_and_for_those_to_come_are_recorded(tmp_path, store, capsys):
    labels.import_sheet("breast_cancer", sheet(tmp_path, ("p1", "benign"), ("later", "malignant")), json=True)
    assert json.loads(capsys.readouterr().out)["new"] == 2
