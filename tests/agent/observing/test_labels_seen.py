"""What labels say, out of real stores: which of them count, and how they are judged."""

import pytest

from agent.evidence import DataStatus
from pipeline.monitoring.accuracy import AccuracyMethod
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE
from tests.agent.fakes import NOON, add_version
from tests.agent.observing.looking import HOUR, look
from tests.agent.traffic import answered, labelled, texts


def test_accuracy_comes_from_the_labels_of_the_newest_window(world, observer):
    old = answered(world, texts(100, 10), NOON)
    labelled(world, old, wrong=100, at=NOON)
    new = answered(world, texts(100, 11), NOON)
    labelled(world, new[:50], wrong=1, at=NOON)
    accuracy = look(observer).accuracy
    assert (accuracy.labelled, accuracy.estimate) == (50, 0.98)


def test_labels_that_come_late_count_when_the_newest_window_has_too_few(world, observer):
    old = answered(world, texts(100, 10), NOON)
    answered(world, texts(100, 11), NOON)
    labelled(world, old[:60], wrong=30, at=NOON + HOUR)
    accuracy = look(observer, hours=2).accuracy
    assert (accuracy.labelled, accuracy.estimate) == (60, 0.5)


def test_nineteen_labels_are_too_few_and_say_nothing(world, observer):
    ids = answered(world, texts(100, 10), NOON)
    labelled(world, ids[:19], wrong=19, at=NOON)
    accuracy = look(observer).accuracy
    assert (accuracy.status, accuracy.estimate, accuracy.p_below_floor) == (DataStatus.TOO_FEW, None, None)


def test_new_labels_are_those_since_the_last_training(world, observer):
    ids = answered(world, texts(30, 10), NOON - HOUR)
    labelled(world, ids[:10], wrong=0, at=NOON - HOUR)
    labelled(world, ids[10:], wrong=0, at=NOON + HOUR)
    assert look(observer, hours=2).training.new_labels == 20
    add_version(world, at=NOON + 2 * HOUR)
    assert look(observer, hours=3).training.new_labels == 0


def test_labels_that_were_chosen_judge_by_strata_and_those_that_came_by_themselves_do_not(world, observer):
    ids = answered(world, texts(100, 5), NOON)
    labelled(world, ids[:30], wrong=0, at=NOON)
    assert look(observer).accuracy.method is AccuracyMethod.ARRIVED
    labelled(world, ids[30:60], wrong=0, at=NOON, source=QUEUE_SOURCE)
    accuracy = look(observer).accuracy
    assert (accuracy.method, accuracy.status) == (AccuracyMethod.CHOSEN, DataStatus.SUFFICIENT)
    assert accuracy.upper_estimate == pytest.approx(0.9)
    assert accuracy.label_delay_hours == 0.0


def test_chosen_labels_of_earlier_windows_do_not_stand_in_for_those_that_came_by_themselves(world, observer):
    before = answered(world, texts(100, 5), NOON)
    labelled(world, before[:40], wrong=20, at=NOON + HOUR, source=QUEUE_SOURCE)
    answered(world, texts(100, 6), NOON + HOUR)
    accuracy = look(observer, hours=2.0).accuracy
    assert (accuracy.status, accuracy.p_below_floor) == (DataStatus.NO_DATA, None)
    labelled(world, before[40:80], wrong=20, at=NOON + HOUR)
    assert look(observer, hours=2.0).accuracy.labelled == 40
