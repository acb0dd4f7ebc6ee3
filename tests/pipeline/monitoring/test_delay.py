from datetime import UTC, datetime, timedelta

import pytest

from pipeline.monitoring.delay import label_delay
from pipeline.records import LabelledPrediction, PredictionRecord

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def labelled(hours: float | None) -> LabelledPrediction:
    record = PredictionRecord(
        prediction_id="p", model="m", version=1, slot="champion", at=NOON, input="text", prediction=1, score=0.9
    )
    at = None if hours is None else NOON + timedelta(hours=hours)
    return LabelledPrediction(record=record, label=None if at is None else 1, labelled_at=at)


def test_without_labels_no_delay_is_known():
    found = label_delay([labelled(None)])
    assert (found.labels, found.median_hours, found.longest_hours, found.ahead) == (0, None, None, 0)


def test_the_delay_is_from_the_prediction_to_its_label():
    found = label_delay([labelled(hours) for hours in (1, 2, 30, None)])
    assert (found.labels, found.median_hours, found.longest_hours) == (3, 2, 30)


def test_a_label_from_a_clock_that_runs_behind_has_no_delay_and_is_counted():
    found = label_delay([labelled(-0.5), labelled(1)])
    assert found.ahead == 1
    assert found.median_hours == pytest.approx(0.5)
