"""What is measured on windows of texts and of numbers comes in one form."""

from dataclasses import replace

import numpy as np

from agent.observing.lookout import of_numbers, of_texts
from pipeline.monitoring.causes import Cause
from pipeline.monitoring.drift import WindowStatus, measure_drift
from pipeline.monitoring.numeric import build_numeric_profile, measure_numeric_drift
from pipeline.monitoring.profile import build_profile
from tests.agent.traffic import texts


def test_texts_give_two_scores_and_patterns():
    measured = of_texts(measure_drift(build_profile(texts(300, 1), seed=1, windows=50), texts(60, 2, ["zuzu", "zaza"])))
    assert set(measured.scores) == {"vocabulary_drift", "tfidf_drift"}
    assert measured.drift_detected
    assert (measured.messages, measured.unique_messages) == (60, 60)
    assert measured.patterns


def test_what_the_answers_say_is_handed_on_apart_and_is_no_drift():
    calm = measure_drift(build_profile(texts(300, 1), seed=1, windows=50), texts(60, 2))
    assert calm.drift_detected is False
    loud = replace(calm, score_shift=0.4, spam_part_novelty=0.0, drift_detected=True, causes=(Cause.CLASS_MIX,))
    loud = replace(loud, score_readings=calm.readings[:3])
    measured = of_texts(loud)
    assert measured.drift_detected is False
    assert measured.signs == {"score_shift": 0.4, "spam_part_novelty": 0.0}
    assert (measured.causes, of_texts(calm).causes) == ((Cause.CLASS_MIX,), None)


def test_numbers_give_one_score():
    rows = np.random.default_rng(1).normal(size=(300, 2))
    profile = build_numeric_profile(rows, ("a", "b"))
    calm, shifted = (of_numbers(measure_numeric_drift(profile, rows[:100] + by)) for by in (0.0, 3.0))
    assert set(calm.scores) == {"numeric_drift"}
    assert (calm.drift_detected, shifted.drift_detected) == (False, True)


def test_no_rows_are_no_data():
    profile = build_numeric_profile(np.random.default_rng(1).normal(size=(300, 2)), ("a", "b"))
    empty = of_numbers(measure_numeric_drift(profile, np.array([])))
    assert (empty.status, empty.scores["numeric_drift"], empty.drift_detected) == (WindowStatus.NO_DATA, None, None)
