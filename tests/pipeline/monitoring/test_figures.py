"""The figures of a kept look: the agent's and a person's, of texts and of numbers, tell the same."""

import json

import numpy as np
import pytest

from pipeline.checks import WindowCheck, keep_check
from pipeline.commands.exporting import report_row
from pipeline.monitoring.accuracy import judge_accuracy
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.numeric import build_numeric_profile, measure_numeric_drift
from pipeline.monitoring.profile import build_profile
from pipeline.monitoring.window import Window, reports, save_report
from pipeline.records import Pointer
from tests.pipeline.builders import NOON
from tests.pipeline.monitoring.texts import calm_texts
from tools.observe import Sight, drift_history

MODEL = "sms_spam"
CHAMPION = Pointer(
    model=MODEL, generation=1, version=1, artifact_sha256="0" * 64, previous_version=None, promoted_at=NOON
)
WINDOW = Window(from_seq=1, to_seq=120, predictions=(), first_at=None, last_at=None)
RNG = np.random.default_rng(1)
DRIFTS = {
    "vocabulary_drift": measure_drift(
        build_profile(calm_texts(300, seed=1), seed=0, windows=5), calm_texts(120, seed=2)
    ),
    "numeric_drift": measure_numeric_drift(
        build_numeric_profile(RNG.normal(size=(300, 2)), ["a", "b"]), RNG.normal(size=(120, 2))
    ),
}


@pytest.fixture(params=DRIFTS)
def checked(request, store):
    """The name of the score, and the store after one check by hand."""
    accuracy = judge_accuracy(45, 50, floor=0.93, confidence=0.975)
    keep_check(
        store.telemetry, CHAMPION, WindowCheck(window=WINDOW, drift=DRIFTS[request.param], accuracy=accuracy), NOON
    )
    return request.param, store


def test_an_export_of_a_check_by_hand_has_its_messages_scores_and_accuracy(checked):
    score, store = checked
    row = report_row(reports(store.telemetry, model=MODEL, limit=1)[0])
    assert row["messages"] == 120
    assert row[score] == pytest.approx(getattr(DRIFTS[score], score))
    assert (row["accuracy"], row["labelled"]) == (pytest.approx(0.9), 50)


def test_the_history_that_the_deciding_model_sees_has_them_too(checked):
    score, store = checked
    sight = Sight(model=MODEL, evidence={}, rules={}, store=store, history=lambda limit: [])
    (seen,) = json.loads(drift_history(sight).as_json())["data"]["windows"]
    assert seen["messages"] == 120
    assert seen[score] == pytest.approx(getattr(DRIFTS[score], score))
    assert seen["accuracy_estimate"] == pytest.approx(0.9)
    assert seen["accuracy_labelled"] == 50


@pytest.mark.parametrize("body", [{}, {"drift": None, "accuracy": None}, {"evidence": {"drift": {"messages": 7}}}])
def test_what_was_not_measured_is_unknown(body, store):
    save_report(store.telemetry, model=MODEL, generation=1, scheduled=False, window=WINDOW, at=NOON, body=body)
    row = report_row(reports(store.telemetry, model=MODEL, limit=1)[0])
    assert row["messages"] == (7 if "evidence" in body else None)
    assert row["vocabulary_drift"] is None
    assert row["accuracy"] is None
