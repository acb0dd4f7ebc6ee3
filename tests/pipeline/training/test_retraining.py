"""The whole recipe on the real messages, once for the directory; the steps after it share the store."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import insert

from pipeline.catalog import managed_model
from pipeline.data.campaigns import mixed_campaigns
from pipeline.data.homes import group_key
from pipeline.gate.rules import VerdictStatus
from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.records import JudgedVersion, Provenance, Row
from pipeline.releases.promotion import pointer, promote
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.store import telemetry
from pipeline.store.open import Store, open_store
from pipeline.training.retraining import Retraining, judge_again, retrain
from pipeline.training.workbench import Workbench, open_workbench

# Two folds and the winning family keep the test short; what is tested is the recipe, not the search.
FULL = managed_model("sms_spam")
SPEC = replace(FULL, candidates=FULL.candidates[-1:], search=SearchRules(folds=2, repeats=1))


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Iterator[tuple[PipelineSettings, Store]]:
    settings = PipelineSettings(home=tmp_path_factory.mktemp("home"), data_dir=PipelineSettings().data_dir)
    store = open_store(settings)
    yield settings, store
    store.close()


def bench(opened: tuple[PipelineSettings, Store]) -> Workbench:
    return open_workbench(*opened, SPEC)


@pytest.fixture(scope="module")
def first(opened) -> Retraining:
    """A first version on the base data, promoted."""
    result = retrain(bench(opened), progress=quiet)
    promote(
        opened[1].control,
        JudgedVersion(
            model=SPEC.name, version=result.version.version, verdict_id=result.record.verdict_id, expected_generation=0
        ),
        Provenance(who="test", why="first", at=datetime.now(UTC)),
    )
    return result


def serve(store: Store, rows: list[Row]) -> None:
    """Write rows into the prediction log with their labels, as traffic that was answered and labelled."""
    now = datetime.now(UTC)
    logged = [
        {"prediction_id": f"p{i}", "model": SPEC.name, "version": 1, "slot": "champion", "at": now, "prediction": 0}
        | {"score": 0.1, "input": telemetry.encode_input(row.input)}
        for i, row in enumerate(rows)
    ]
    with store.telemetry.begin() as connection:
        connection.execute(insert(telemetry.predictions), logged)
    labels = [LabelEntry(prediction_id=f"p{i}", label=row.label, source="test", at=now) for i, row in enumerate(rows)]
    record_labels(store.telemetry, labels)


@pytest.fixture(scope="module")
def second(opened, first) -> Retraining:
    """A challenger after a campaign of new spam in labelled traffic."""
    campaign = [Row(text, 1) for text in mixed_campaigns(150, random.Random(5))]
    serve(opened[1], [*bench(opened).homes.live[:350], *campaign, *first.homes.holdout[:20]])
    return retrain(bench(opened), progress=quiet, decision_id="d1")


def test_the_first_version_passes_its_gate_and_is_logged_whole(opened, first):
    assert first.verdict.status is VerdictStatus.PASSED
    assert {r.rule for r in first.verdict.results} == {
        "f1_at_least",
        "accuracy_at_least",
        "beats_majority",
        "served_parity",
    }
    client = MlflowClient(opened[0].mlflow_address)
    run = client.get_run(first.version.run_id)
    assert {"accuracy", "precision", "recall", "f1", "log_loss", "ece"} <= set(run.data.metrics)
    assert [d.dataset.name for d in run.inputs.dataset_inputs] == ["training", "holdout", "recent"]
    children = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{first.version.run_id}'")
    assert len(children) == len(first.trials) == 6
    assert client.get_model_version_by_alias(SPEC.name, "challenger").run_id == first.version.run_id


def test_the_same_data_gives_the_same_bytes_and_ends_as_unchanged(opened, first):
    again = retrain(bench(opened), progress=quiet)
    assert again.artifact_sha256 == first.artifact_sha256
    assert (again.verdict.status, again.version, again.record) == (VerdictStatus.UNCHANGED, None, None)


def test_a_version_carries_the_scores_that_it_gives_to_the_frozen_holdout(opened, first):
    artifact = bench(opened).artifact(first.artifact_sha256)
    scores = sorted(answer.score for answer in artifact.predictor.answer_many(r.input for r in first.homes.holdout))
    assert artifact.profile.held_out.scores.tolist() == scores


def test_a_challenger_trained_on_the_campaign_is_better_on_rows_it_never_saw(second):
    assert second.verdict.status is VerdictStatus.PASSED
    results = {result.rule: result for result in second.verdict.results}
    assert results["better"].observed > 0.01
    assert results["not_worse"].interval[0] > -0.01


def test_no_judged_row_is_trained_on_and_the_holdout_stays_out_of_both(opened, second):
    judged, learned, homes = second.production.judge, second.learned.plain, second.homes
    frozen, judge, trained = ({group_key(row.input) for row in rows} for rows in (homes.holdout, judged, learned))
    assert judged
    assert not trained & judge
    assert not frozen & (trained | judge)
    assert second.version.training_rows == len(learned) > len(homes.train)


def test_a_decision_is_trained_once(opened, second):
    again = retrain(bench(opened), progress=quiet, decision_id="d1")
    assert (again.version, again.record, again.trials) == (second.version, second.record, ())


def test_a_version_can_be_judged_again_with_the_parity_it_was_trained_with(opened, second):
    record = judge_again(bench(opened), second.version.version)
    assert record.verdict_id != second.record.verdict_id
    assert record.verdict.status is VerdictStatus.PASSED


def command(opened, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "REFIT_HOME": str(opened[0].home),
        "REFIT_DATA_DIR": str(opened[0].data_dir),
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run([sys.executable, "-m", "pipeline", *words], capture_output=True, text=True, env=environment)


def test_the_commands_answer_in_json_with_documented_exit_codes(opened, second, tmp_path):
    rows = tmp_path / "rows.tsv"
    rows.write_text("spam\tWIN a prize now, call 09061701461\nham\tsee you at lunch\n")
    messages = tmp_path / "messages.txt"
    messages.write_text("\n".join(mixed_campaigns(120, random.Random(8))))
    evaluated = json.loads(command(opened, "evaluate", SPEC.name, "--file", str(rows), "--json").stdout)
    assert (evaluated["version"], evaluated["accuracy"]) == (1, 1.0)
    drifted = json.loads(command(opened, "drift", SPEC.name, "--file", str(messages), "--json").stdout)
    assert drifted["drift_detected"] is True
    compared = json.loads(command(opened, "compare", SPEC.name, "v1", "v2", "--json").stdout)
    assert compared["versions"]["v2"]["recent"]["accuracy"] > compared["versions"]["v1"]["recent"]["accuracy"]
    refused = command(opened, "promote", SPEC.name, "v1")
    assert refused.returncode == 3
    assert "unchanged" in refused.stderr
    promoted = json.loads(command(opened, "promote", SPEC.name, "v2", "--why", "tested", "--json").stdout)
    assert (promoted["from_version"], promoted["to_version"]) == (1, 2)
    status = json.loads(command(opened, "status", SPEC.name, "--json").stdout)
    assert status["champion"]["version"] == 2
    assert json.loads(command(opened, "rollback", SPEC.name, "--json").stdout)["to_version"] == 1
    assert pointer(opened[1].control, SPEC.name).version == 1
    assert MlflowClient(opened[0].mlflow_address).get_model_version_by_alias(SPEC.name, "champion").version == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("status", "sms_ham"), 1, "Known: breast_cancer"),
        (("promote", "sms_spam", "latest"), 1, "write it like v3"),
        (("promote", "sms_spam", "v99"), 1, "no version v99"),
        (("evaluate", "sms_spam", "--file", "/nowhere"), 1, "cannot be read"),
        (("train",), 2, "Missing argument"),
    ],
)
def test_bad_arguments_get_a_clear_error_and_no_trace(opened, first, words, code, says):
    done = command(opened, *words)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
