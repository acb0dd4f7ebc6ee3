from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import insert

from pipeline.catalog import managed_model
from pipeline.checks import check_window, keep_check, newest_window
from pipeline.monitoring.drift import DriftReport
from pipeline.monitoring.numeric import NumericDriftReport
from pipeline.monitoring.window import reports
from pipeline.records import Pointer, Row
from pipeline.served.artifact import Artifact, pack, unpack
from pipeline.store import telemetry as tables
from pipeline.store.open import Store
from pipeline.training.reference import numeric_profile, reference_profile
from tests.pipeline.builders import word_model
from tests.pipeline.monitoring.answers import MARK, answer, marked
from tests.pipeline.monitoring.texts import calm_texts

SPEC = managed_model("sms_spam")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = START + timedelta(days=1)
CHAMPION = Pointer(
    model="sms_spam", generation=1, version=1, artifact_sha256="0" * 64, previous_version=None, promoted_at=START
)


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    train = [Row(text, int(MARK in text)) for text in marked(calm_texts(600, seed=1), 0.2)]
    held_out = [Row(text, int(MARK in text)) for text in marked(calm_texts(300, seed=2), 0.2)]
    return unpack(pack(word_model({"prize": 1.0}), reference_profile(train, held_out, answer, seed=7), {}))


def serve(store: Store, inputs: list, prediction: list[int], score: list[float]) -> None:
    rows = [
        {"prediction_id": f"p{place}", "model": "sms_spam", "version": 1, "slot": "champion"}
        | {"at": START + timedelta(seconds=place), "input": tables.encode_input(value)}
        | {"prediction": prediction[place], "score": score[place]}
        for place, value in enumerate(inputs)
    ]
    with store.telemetry.begin() as connection:
        connection.execute(insert(tables.predictions), rows)


def serve_texts(store: Store, texts: list[str]) -> None:
    answers = answer(texts)
    serve(store, texts, [one.prediction for one in answers], [one.score for one in answers])


def test_a_window_is_checked_with_the_answers_that_were_logged(store: Store, artifact: Artifact):
    serve_texts(store, marked(calm_texts(200, seed=3), 0.6))
    check = check_window(artifact, SPEC, newest_window(store.telemetry, SPEC, CHAMPION, now=NOW))
    assert isinstance(check.drift, DriftReport)
    assert check.drift.score_shift > 0.15
    assert check.drift.drift_detected
    assert check.accuracy.upper_estimate is not None


def test_a_check_is_kept_as_a_manual_one(store: Store, artifact: Artifact):
    serve_texts(store, calm_texts(60, seed=3))
    check = check_window(artifact, SPEC, newest_window(store.telemetry, SPEC, CHAMPION, now=NOW))
    seq = keep_check(store.telemetry, CHAMPION, check, START)
    (kept,) = reports(store.telemetry, model="sms_spam", limit=5)
    assert (kept.seq, kept.scheduled, kept.from_seq, kept.to_seq) == (seq, False, 1, 60)
    assert kept.body["drift"]["status"] == "low_power"


def test_an_empty_window_is_no_data(store: Store, artifact: Artifact):
    check = check_window(artifact, SPEC, newest_window(store.telemetry, SPEC, CHAMPION, now=NOW))
    assert check.as_dict()["drift"]["status"] == check.as_dict()["accuracy"]["status"] == "no_data"


def test_a_version_without_a_profile_has_no_drift_but_an_accuracy(store: Store, artifact: Artifact):
    serve_texts(store, calm_texts(60, seed=3))
    bare = replace(artifact, profile_tensors={})
    check = check_window(bare, SPEC, newest_window(store.telemetry, SPEC, CHAMPION, now=NOW))
    assert check.as_dict()["drift"] is None
    assert check.accuracy.status.value == "no_data"


@pytest.mark.parametrize("rows", [0, 100])
def test_numbers_are_checked_by_their_own_profile(store: Store, artifact: Artifact, rows: int):
    rng = np.random.default_rng(1)
    train = [Row(tuple(values), 0) for values in rng.normal(size=(500, 3)).tolist()]
    numbers = replace(artifact, profile_tensors={}, numeric_profile=numeric_profile(train, ("a", "b", "c")))
    if rows:
        serve(store, (rng.normal(size=(rows, 3)) + 1).tolist(), [0] * rows, [0.1] * rows)
    check = check_window(numbers, SPEC, newest_window(store.telemetry, SPEC, CHAMPION, now=NOW))
    assert isinstance(check.drift, NumericDriftReport)
    assert check.drift.drift_detected is (True if rows else None)
