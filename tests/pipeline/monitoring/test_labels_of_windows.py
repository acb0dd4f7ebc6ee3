"""Labels of logged predictions: the newest ones, how many are new, the rows of a training, all found by index."""

from datetime import timedelta

from sqlalchemy import Engine

from pipeline.labels.feedback import labelled_rows
from pipeline.monitoring.window import (
    count_labelled,
    labelled_since,
    latest_window,
)
from tests.pipeline.monitoring.telemetry_log import START, give_label, inputs, log, plans


def test_labels_that_arrived_after_a_time_are_found_whatever_the_version(telemetry: Engine):
    old, new = log(telemetry, 3, version=1), log(telemetry, 3, version=2)
    give_label(telemetry, old[0], 1, minute=10)
    give_label(telemetry, old[1], 1, minute=30)
    give_label(telemetry, new[0], 0, minute=20)
    give_label(telemetry, "not-logged-yet", 1, minute=40)
    found = labelled_since(telemetry, model="sms_spam", after=START + timedelta(minutes=10), limit=10)
    assert [prediction.record.prediction_id for prediction in found] == [new[0], old[1]]
    newest = labelled_since(telemetry, model="sms_spam", after=START, limit=1)
    assert [prediction.record.prediction_id for prediction in newest] == [old[1]]


def test_a_corrected_label_counts_once_at_its_newest_time(telemetry: Engine):
    ids = log(telemetry, 1)
    give_label(telemetry, ids[0], 0, minute=5)
    give_label(telemetry, ids[0], 1, minute=50)
    found = labelled_since(telemetry, model="sms_spam", after=START, limit=10)
    assert [(prediction.label, prediction.labelled_at) for prediction in found] == [(1, START + timedelta(minutes=50))]


def test_labels_since_a_time_reach_the_prediction_log_by_its_index(telemetry: Engine):
    give_label(telemetry, log(telemetry, 1)[0], 1, minute=5)
    steps = plans(telemetry, lambda: labelled_since(telemetry, model="sms_spam", after=START, limit=5))
    assert any(step.startswith("SEARCH predictions USING INDEX") for step in steps)
    assert any("labels_by_prediction" in step for step in steps)


def test_the_last_label_to_arrive_counts_whatever_its_clock_says(telemetry: Engine):
    (name,) = log(telemetry, 1)
    give_label(telemetry, name, 0, minute=50)
    give_label(telemetry, name, 1, minute=5)
    (entry,) = latest_window(telemetry, model="sms_spam", version=1, rows=5).predictions
    assert (entry.label, entry.labelled_at, entry.label_source) == (1, START + timedelta(minutes=5), "test")


def test_labels_that_arrive_before_their_predictions_and_out_of_order_are_found(telemetry: Engine):
    give_label(telemetry, "sms_spam-v1-1", 1, minute=30)
    give_label(telemetry, "sms_spam-v1-0", 0, minute=20)
    assert labelled_since(telemetry, model="sms_spam", after=START, limit=10) == ()
    log(telemetry, 2)
    found = labelled_since(telemetry, model="sms_spam", after=START, limit=10)
    assert [entry.record.prediction_id for entry in found] == ["sms_spam-v1-0", "sms_spam-v1-1"]


def test_labels_lead_to_their_predictions_and_never_the_other_way_round(telemetry: Engine):
    give_label(telemetry, log(telemetry, 1)[0], 1, minute=5)
    steps = plans(telemetry, lambda: labelled_since(telemetry, model="sms_spam", after=START, limit=5))
    assert any(step.startswith("SEARCH labels USING INDEX labels_by_model_time (model=? AND at>?)") for step in steps)
    assert not [step for step in steps if "predictions_by_model" in step or "TEMP B-TREE" in step]


def test_new_labels_are_counted_once_a_prediction_and_up_to_a_bound(telemetry: Engine):
    ids = log(telemetry, 10)
    others = log(telemetry, 3, model="other")
    for minute, prediction_id in enumerate([*ids[:6], ids[0], *others, "not-written-yet"], 1):
        give_label(telemetry, prediction_id, int(minute == 7), minute=minute)

    def count(minute: int | None, most: int) -> int:
        after = None if minute is None else START + timedelta(minutes=minute)
        return count_labelled(telemetry, model="sms_spam", after=after, most=most)

    assert count(None, 100) == count(0, 100) == 6
    # The first label of the first prediction is older; its correction arrived as the seventh.
    assert count(4, 100) == 3
    assert count(None, 2) == 2
    assert count(100, 100) == 0


def test_new_labels_are_counted_by_time_and_lead_to_their_predictions(telemetry: Engine):
    give_label(telemetry, log(telemetry, 1)[0], 1, minute=5)
    steps = plans(telemetry, lambda: count_labelled(telemetry, model="sms_spam", after=START, most=5))
    assert any("labels_by_model_time (model=? AND at>?)" in step for step in steps)
    assert any(step.startswith("SEARCH predictions USING INDEX") for step in steps)
    assert not [step for step in steps if step.startswith("SCAN predictions")]


def test_labels_that_came_before_their_prediction_and_after_it_are_one_sequence(telemetry: Engine):
    log(telemetry, 3)
    for minute, place in enumerate((4, 0, 3, 1, 5, 2), 1):  # 3 to 5 are answered later
        give_label(telemetry, f"sms_spam-v1-{place}", 1, minute)
    give_label(telemetry, "never-written", 1, 9)
    log(telemetry, 3, first=3)
    log(telemetry, 1, model="sentiment")
    give_label(telemetry, "sentiment-v1-0", 1, 10)
    expected = [f"message {place}" for place in (4, 0, 3, 1, 5, 2)]
    for limit in (1, 2, 4, 6, 9):
        newest = labelled_since(telemetry, model="sms_spam", after=START, limit=limit)
        assert inputs(newest) == expected[-limit:]
        assert inputs(labelled_rows(telemetry, "sms_spam", limit)) == expected[-limit:][::-1]
        assert count_labelled(telemetry, model="sms_spam", after=START, most=limit) == min(limit, 6)
    give_label(telemetry, "sms_spam-v1-4", 0, 11)  # corrected, by a label that knows its model
    assert inputs(labelled_rows(telemetry, "sms_spam", 9)) == [expected[0], *expected[:0:-1]]
    assert count_labelled(telemetry, model="sms_spam", after=START, most=9) == 6
    assert count_labelled(telemetry, model="sentiment", after=START, most=9) == 1


def test_the_rows_of_a_training_are_found_by_the_labels_of_their_model(telemetry: Engine):
    give_label(telemetry, log(telemetry, 1)[0], 1, minute=5)
    steps = plans(telemetry, lambda: labelled_rows(telemetry, "sms_spam", 5))
    assert sum("labels_by_model (model=?)" in step for step in steps) == 2
    assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]
