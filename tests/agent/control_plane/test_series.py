"""The measured windows of a model, out of both databases: of the loop, by hand, and those that were not measured."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.control_plane.views.series import lines_of, newest_scores, series
from pipeline.catalog import managed_model
from pipeline.monitoring.window import Window, save_report
from tests.agent.fakes import MODEL, NOON

ON_POSTGRESQL_TOO = True
SPEC = managed_model(MODEL)
HOUR = timedelta(hours=1)
EMPTY = Window(from_seq=0, to_seq=0, predictions=(), first_at=None, last_at=None)
READING = {"statistic": "oov_gt", "raw": 0.14, "expected": 0.09, "alarm_at": 0.12, "z": 1.6, "size": 500}


def keep(store, hour, body, *, model=MODEL, scheduled=True):
    telemetry, at = store.telemetry, NOON + hour * HOUR
    return save_report(telemetry, model=model, generation=1, scheduled=scheduled, window=EMPTY, at=at, body=body)


def measured(store, **more):
    asked = {"since": NOON - HOUR, "until": NOON + 100 * HOUR, "most": 300}
    return series(store, SPEC, **asked | more)


def by_the_loop(drift, accuracy=None):
    evidence = {"drift": {"vocabulary_drift": drift, "tfidf_drift": 0.01}, "accuracy": {"estimate": accuracy}}
    return {"decision_id": "d1", "evidence": evidence, "drift": {"readings": [READING]}, "accuracy": None}


def test_a_window_has_its_scores_readings_and_decision(store):
    keep(store, 1, by_the_loop(0.2, accuracy=0.97))
    found = measured(store)
    (window,) = found["windows"]
    assert (window["drift"]["vocabulary_drift"], window["accuracy"]["estimate"]) == (0.2, 0.97)
    assert (window["decision_id"], window["scheduled"]) == ("d1", True)
    assert window["readings"] == [{"statistic": "oov_gt", "raw": 0.14, "expected": 0.09, "alarm_at": 0.12}]
    assert found["lines"] == lines_of(SPEC)


def test_a_check_by_hand_and_a_window_without_a_profile_are_windows_too(store):
    keep(store, 1, {"drift": {"vocabulary_drift": 0.3}, "accuracy": {"estimate": 0.9}}, scheduled=False)
    keep(store, 2, {"evidence": {"drift": {}, "accuracy": {}}, "drift": None, "accuracy": None})
    first, second = measured(store)["windows"]
    assert (first["drift"]["vocabulary_drift"], first["accuracy"]["estimate"]) == (0.3, 0.9)
    assert (second["drift"]["vocabulary_drift"], second["readings"]) == (None, [])


def test_only_the_time_and_the_model_that_were_asked_for(store):
    keep(store, 1, by_the_loop(0.1))
    keep(store, 2, by_the_loop(0.2), model="another")
    keep(store, 200, by_the_loop(0.3))
    assert [window["drift"]["vocabulary_drift"] for window in measured(store)["windows"]] == [0.1]


def test_a_long_history_comes_thinned_and_with_its_worst_window(store):
    for hour in range(60):
        keep(store, hour, by_the_loop(0.9 if hour == 31 else 0.05))
    found = measured(store, most=20)
    assert found["measured"] == 60
    assert len(found["windows"]) <= 20
    assert max(window["drift"]["vocabulary_drift"] for window in found["windows"]) == 0.9


def test_the_newest_scores_are_those_of_scheduled_windows_and_follow_new_ones(store):
    assert list(newest_scores(store.telemetry, MODEL, 30)) == []
    keep(store, 1, by_the_loop(0.1))
    keep(store, 2, by_the_loop(0.9), scheduled=False)
    assert newest_scores(store.telemetry, MODEL, 30) == (0.1,)
    keep(store, 3, by_the_loop(None) | {"evidence": {"drift": {}}})
    keep(store, 4, by_the_loop(0.3))
    assert newest_scores(store.telemetry, MODEL, 30) == (0.1, None, 0.3)
    assert newest_scores(store.telemetry, MODEL, 1) == (0.3,)


@pytest.mark.parametrize("line", [0.1, 0.2])
def test_the_lines_are_those_of_the_specification(line):
    other = replace(SPEC, monitoring=replace(SPEC.monitoring, drift_threshold=line))
    assert lines_of(other)["drift_threshold"] == line
