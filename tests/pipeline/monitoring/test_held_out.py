import numpy as np
import pytest

from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.profile import Profile
from pipeline.records import Row
from pipeline.served.artifact import pack, unpack
from pipeline.training.reference import numeric_profile, reference_profile
from tests.pipeline.builders import word_model
from tests.pipeline.monitoring.answers import MARK, answer, marked
from tests.pipeline.monitoring.texts import calm_texts


def rows(count: int, seed: int) -> list[Row]:
    return [Row(text, int(MARK in text)) for text in marked(calm_texts(count, seed=seed), 0.2)]


@pytest.fixture(scope="module")
def answered() -> Profile:
    return reference_profile(rows(500, 1), rows(100, 2), answer, seed=7)


def test_the_scores_are_those_of_the_held_out_rows_and_not_of_the_training_rows(answered: Profile):
    expected = sorted(one.score for one in answer([row.input for row in rows(100, 2)]))
    assert answered.held_out.scores.tolist() == expected
    assert answered.held_out.positive_rate == 0.2


def test_the_held_out_answers_travel_with_the_artefact(answered: Profile):
    again = unpack(pack(word_model({"prize": 1.0}), answered, {})).profile
    texts = [row.input for row in rows(120, 3)]
    assert measure_drift(again, texts, answers=answer(texts)) == measure_drift(answered, texts, answers=answer(texts))
    assert again.held_out.risk.tolist() == answered.held_out.risk.tolist()
    assert sum(tensor.nbytes for tensor in answered.to_tensors().values()) < 1_000_000


def test_the_same_rows_give_the_same_bytes(answered: Profile):
    again = reference_profile(rows(500, 1), rows(100, 2), answer, seed=7)
    model = word_model({"prize": 1.0})
    assert pack(model, again, {}) == pack(model, answered, {})


@pytest.mark.parametrize(("held_out", "known"), [(0, False), (49, False), (50, True)])
def test_too_few_held_out_rows_leave_words_alone_to_be_monitored(held_out: int, known: bool):
    profile = reference_profile(rows(500, 1), rows(held_out, 2), answer, seed=7)
    assert (profile.held_out is not None) is known


def test_a_model_that_calls_no_held_out_row_positive_is_monitored_all_the_same():
    never = [Row(text, row % 2) for row, text in enumerate(calm_texts(100, seed=2))]
    profile = reference_profile(rows(500, 1), never, answer, seed=7)
    assert profile.held_out.positive_rate == 0.0
    assert len(profile.held_out.novelty) == 0
    assert unpack(pack(word_model({"prize": 1.0}), profile, {})).profile.held_out.positive_rate == 0.0
    texts = [row.input for row in rows(120, 3)]
    assert measure_drift(profile, texts, answers=answer(texts)).drift_detected is not None


def test_a_model_of_numbers_carries_the_profile_of_its_features():
    values = np.random.default_rng(1).normal(size=(200, 3))
    profile = numeric_profile([Row(tuple(row), 0) for row in values.tolist()], ("a", "b", "c"))
    artifact = unpack(pack(word_model({"prize": 1.0}), profile, {}))
    assert artifact.profile is None
    assert artifact.numeric_profile.features == ("a", "b", "c")
    assert artifact.numeric_profile.rows == 200
