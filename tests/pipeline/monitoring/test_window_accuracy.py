import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.monitoring.accuracy import AccuracyMethod, AccuracyStatus, Standing, judge_accuracy
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE, judge_window, labelling_order, risks_of
from pipeline.records import LabelledPrediction, PredictionRecord

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = {"floor": 0.93, "confidence": 0.975}


def window(size: int = 500, seed: int = 1) -> list[LabelledPrediction]:
    """Answers as sure as their scores say, without labels."""
    scores = np.random.default_rng(seed).beta(0.15, 0.4, size=size)
    records = [
        PredictionRecord(
            prediction_id=f"p{seed}-{place}",
            model="m",
            version=1,
            slot="champion",
            at=NOON,
            input=f"message {place}",
            prediction=int(score >= 0.5),
            score=float(score),
        )
        for place, score in enumerate(scores)
    ]
    return [LabelledPrediction(record=record, label=None, labelled_at=None) for record in records]


def label(entries: list[LabelledPrediction], places, right, source: str) -> list[LabelledPrediction]:
    found = list(entries)
    for place in places:
        given = entries[place].record.prediction if right(place) else 1 - entries[place].record.prediction
        at = NOON + timedelta(hours=2)
        found[place] = replace(entries[place], label=given, labelled_at=at, label_source=source)
    return found


def queued(entries: list[LabelledPrediction], labels: int) -> list[int]:
    return labelling_order(risks_of(None, entries))[:labels]


def test_an_empty_window_has_no_accuracy():
    report = judge_window(None, [], **RULES)
    assert report.status is AccuracyStatus.NO_DATA
    assert (report.estimate, report.upper_estimate, report.suspicious) == (None, None, None)


def test_without_labels_there_is_an_upper_estimate_and_nothing_is_cleared():
    report = judge_window(None, window(), **RULES)
    assert report.status is AccuracyStatus.NO_DATA
    assert report.standing is Standing.UNDECIDED
    assert (report.estimate, report.p_below_floor) == (None, None)
    assert 0.8 < report.upper_estimate < 1


@pytest.mark.parametrize(("floor", "suspicious"), [(0.5, False), (0.999, True)])
def test_an_upper_estimate_below_the_floor_is_suspicious_and_decides_nothing(floor: float, suspicious: bool):
    report = judge_window(None, window(), floor=floor, confidence=0.975)
    assert report.suspicious is suspicious
    assert report.standing is Standing.UNDECIDED
    assert ("suspicious" in report.explanation[-1]) is suspicious


def test_labels_that_came_by_themselves_are_judged_by_wilson():
    entries = label(window(), range(100), lambda place: place % 10 != 0, "feedback")
    report, plain = judge_window(None, entries, **RULES), judge_accuracy(90, 100, **RULES)
    assert report.method is AccuracyMethod.ARRIVED
    assert (report.low, report.high, report.p_below_floor) == (plain.low, plain.high, plain.p_below_floor)
    assert report.label_delay_hours == 2


@pytest.mark.parametrize(("labels", "status"), [(19, AccuracyStatus.TOO_FEW), (20, AccuracyStatus.OK)])
def test_chosen_labels_judge_from_20_on(labels: int, status: AccuracyStatus):
    entries = window()
    report = judge_window(None, label(entries, queued(entries, labels), lambda _: False, QUEUE_SOURCE), **RULES)
    assert report.method is AccuracyMethod.CHOSEN
    assert report.status is status
    assert (report.standing is Standing.BELOW) == (status is AccuracyStatus.OK)


def test_chosen_labels_that_found_the_errors_do_not_make_the_whole_window_bad():
    # Errors lie in the riskiest part alone: of the chosen labels many are wrong, of the window few answers.
    entries = window()
    risky = set(np.flatnonzero(risks_of(None, entries).strata == 0)[::3].tolist())
    entries = label(entries, queued(entries, 100), lambda place: place not in risky, QUEUE_SOURCE)
    report = judge_window(None, entries, **RULES)
    assert report.correct / report.labelled < 0.9
    assert report.low <= 1 - len(risky) / 500 <= report.high
    assert report.standing is not Standing.BELOW


def test_chosen_labels_lean_to_risky_answers_so_those_that_came_by_themselves_are_judged_without_them():
    entries = window()
    few = label(entries, queued(entries, 10), lambda _: False, QUEUE_SOURCE)
    places = [place for place, entry in enumerate(few) if entry.label is None][:50]
    report = judge_window(None, label(few, places, lambda _: True, "feedback"), **RULES)
    assert (report.method, report.correct, report.labelled) == (AccuracyMethod.ARRIVED, 50, 50)


def test_labels_that_came_by_themselves_count_as_known_beside_chosen_ones():
    entries = window()
    chosen = label(entries, queued(entries, 40), lambda _: True, QUEUE_SOURCE)
    places = [place for place, entry in enumerate(chosen) if entry.label is None][:15]
    plain = judge_window(None, chosen, **RULES)
    more = judge_window(None, label(chosen, places, lambda _: False, "feedback"), **RULES)
    assert more.method is AccuracyMethod.CHOSEN
    assert more.labelled == plain.labelled + 15
    assert more.estimate == pytest.approx(plain.estimate - 15 / 500, abs=0.01)


def test_a_repeat_of_a_labelled_message_is_known_and_not_asked_for():
    entries = window()
    same = [replace(entry, record=replace(entry.record, input="again")) for entry in entries[:50]]
    entries = [*same, *entries[50:]]
    labelled = label(entries, [0], lambda _: True, "feedback")
    risks = risks_of(None, labelled)
    assert risks.known.sum() == 50
    assert not set(range(50)) & set(labelling_order(risks))


def test_as_many_labels_as_were_asked_for_decide():
    entries = window()
    errors = {place for place in range(500) if place % 6 == 0}
    report = judge_window(None, label(entries, queued(entries, 20), lambda p: p not in errors, QUEUE_SOURCE), **RULES)
    assert report.standing is Standing.UNDECIDED
    assert report.more_labels % 20 == 0
    assert report.more_labels >= 20
    asked = queued(entries, 20 + 2 * report.more_labels)
    then = judge_window(None, label(entries, asked, lambda p: p not in errors, QUEUE_SOURCE), **RULES)
    assert then.standing is Standing.BELOW


def test_a_window_that_is_labelled_whole_is_decided():
    entries = window(100)
    report = judge_window(None, label(entries, range(100), lambda place: place >= 8, QUEUE_SOURCE), **RULES)
    assert (report.estimate, report.low, report.high) == (pytest.approx(0.92), 0.92, 0.92)
    assert report.standing is Standing.BELOW
    assert report.more_labels == 0


def test_the_report_is_plain_json():
    entries = window()
    for found in (entries, label(entries, queued(entries, 40), lambda place: place % 5 != 0, QUEUE_SOURCE)):
        body = json.loads(json.dumps(judge_window(None, found, **RULES).as_dict(), allow_nan=False))
        assert body["method"] in {"arrived", "chosen"}
        assert all(sentence.endswith(".") for sentence in body["explanation"])
