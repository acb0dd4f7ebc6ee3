"""Nearest neighbours over numbers of a text: the served form against the trained one, and what it says of itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ArtifactError
from pipeline.served.artifact import pack, unpack
from pipeline.served.text_features import FUNCTIONS, MESSAGE_FORM
from pipeline.served.text_numbers import TextNumbersModel
from pipeline.spec import Candidate, TextNumbers
from pipeline.training.estimators import (
    TrainedModel,
    as_features,
    decision_values,
    featuriser,
    fit_calibration,
    fit_estimator,
)
from tests.pipeline.served.test_text_linear import LABELS, TEXTS

BLOCK = TextNumbers(function="message_form")
GRID = [(k, p, weights) for k in (1, 4) for p in (1, 2) for weights in ("uniform", "distance")]


def trained(k: int, p: int, weights: str) -> TrainedModel:
    candidate = Candidate(estimator="nearest_neighbours", features=BLOCK, grid={})
    transform = featuriser(BLOCK)
    features = transform.fit_transform(as_features(BLOCK, TEXTS))
    votes = np.linspace(1.0, 2.0, len(TEXTS))
    parameters = {"n_neighbors": k, "p": p, "weights": weights}
    estimator = fit_estimator(candidate, parameters, features, LABELS, 0, votes)
    calibration = fit_calibration(np.where(LABELS == 1, 0.4, -0.3) + np.linspace(-0.5, 0.5, len(LABELS)), LABELS)
    assert len(decision_values(estimator, features)) == len(TEXTS)
    return TrainedModel(featuriser=transform, estimator=estimator, calibration=calibration, threshold=0.5, block=BLOCK)


MODELS = {parameters: trained(*parameters) for parameters in GRID}


@pytest.mark.parametrize("parameters", GRID, ids=str)
@given(text=st.text() | st.sampled_from(TEXTS))
@settings(max_examples=30)
def test_the_served_form_scores_any_text_as_the_trained_one_does(parameters, text):
    model = MODELS[parameters]
    served = unpack(pack(model.compiled(), None, {})).predictor
    expected = float(model.scores([text])[0])
    for answer in (served.answer(text), served.explain(text), served.answer_many([text])[0]):
        assert answer.score == pytest.approx(expected, abs=1e-9)


def test_an_explanation_says_what_was_counted():
    served = MODELS[4, 1, "uniform"].compiled().predictor()
    answer = served.explain("WIN!!! Claim £900 now, call 09061701461!!!!!!!!!!", top=14)
    said = [word for word, _ in answer.top_features]
    assert "15 punctuation marks" in said
    assert "13 exclamation marks" in said
    assert "1 currency signs" in said
    sizes = [abs(part) for _, part in answer.top_features]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("see www.prize.com now", "links", 1.0),
        ("call +44 7911 123456", "phone numbers", 1.0),
        ("£5 or 5 pounds", "currency signs", 2.0),
        ("GO Home", "share of capitals", 0.5),
        ("a 12 and 345", "longest number", 3.0),
        ("why? why?", "question marks", 2.0),
        ("", "characters", 0.0),
    ],
)
def test_features_count_what_their_names_say(text, name, value):
    counted = dict(zip(MESSAGE_FORM.names, MESSAGE_FORM.count(text), strict=True))
    assert counted[name] == value


@given(st.text())
def test_every_text_has_finite_features(text):
    for function in FUNCTIONS.values():
        counted = function.count(text)
        assert len(counted) == len(function.names)
        assert np.isfinite(counted).all()


def test_a_model_of_other_features_than_the_function_counts_is_no_artefact():
    model = MODELS[4, 1, "uniform"].compiled()
    assert isinstance(model, TextNumbersModel)
    parameters = model.parameters() | {"features": ["something else"] * 14}
    with pytest.raises(ValueError, match="other features"):
        TextNumbersModel.from_tensors(model.to_tensors(), parameters)
    with pytest.raises(ArtifactError):
        unpack(b"not an artefact")
