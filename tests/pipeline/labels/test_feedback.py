from datetime import timedelta

from sqlalchemy import insert

from pipeline.labels.feedback import LabelEntry, LabelsRecorded, labelled_rows, record_labels
from pipeline.store import telemetry
from tests.pipeline.builders import NOON


def entry(prediction_id: str, label: int, minutes: int = 0) -> LabelEntry:
    return LabelEntry(prediction_id=prediction_id, label=label, source="test", at=NOON + timedelta(minutes=minutes))


def log_prediction(store, prediction_id: str, text: str, model: str = "sms_spam") -> None:
    row = {"prediction_id": prediction_id, "model": model, "version": 1, "slot": "champion", "at": NOON}
    row |= {"input": telemetry.encode_input(text), "prediction": 0, "score": 0.1}
    with store.telemetry.begin() as connection:
        connection.execute(insert(telemetry.predictions).values(**row))


def test_a_label_that_says_nothing_new_changes_nothing(store):
    assert record_labels(store.telemetry, [entry("a", 1), entry("a", 1)]) == LabelsRecorded(new=1, repeated=1)
    assert record_labels(store.telemetry, [entry("a", 1)]) == LabelsRecorded(new=0, repeated=1)


def test_the_newest_label_counts_also_when_it_goes_back_to_an_earlier_one(store):
    log_prediction(store, "a", "hello")
    for label in (1, 0, 1):
        assert record_labels(store.telemetry, [entry("a", label)]).new == 1
    (row,) = labelled_rows(store.telemetry, "sms_spam", limit=10)
    assert row.label == 1


def test_a_label_may_arrive_before_its_prediction(store):
    record_labels(store.telemetry, [entry("early", 1)])
    assert labelled_rows(store.telemetry, "sms_spam", limit=10) == []
    log_prediction(store, "early", "hello")
    (row,) = labelled_rows(store.telemetry, "sms_spam", limit=10)
    assert (row.record.input, row.label, row.labelled_at) == ("hello", 1, NOON)


def test_labelled_rows_are_of_one_model_newest_label_first(store):
    for name, model in (("a", "sms_spam"), ("b", "other"), ("c", "sms_spam"), ("unlabelled", "sms_spam")):
        log_prediction(store, name, name, model)
    record_labels(store.telemetry, [entry(name, 0) for name in ("c", "b", "a")])
    assert [row.record.prediction_id for row in labelled_rows(store.telemetry, "sms_spam", limit=10)] == ["a", "c"]
    assert [row.record.prediction_id for row in labelled_rows(store.telemetry, "sms_spam", limit=1)] == ["a"]


def test_thousands_of_labels_are_recorded_at_once(store):
    entries = [entry(f"p{i}", i % 2) for i in range(2_345)]
    assert record_labels(store.telemetry, entries).new == 2_345
    assert record_labels(store.telemetry, entries).repeated == 2_345
