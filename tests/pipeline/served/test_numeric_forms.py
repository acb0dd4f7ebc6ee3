from itertools import product
from math import isfinite, isnan

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from pipeline.models.breast_cancer import FEATURES, SPEC
from pipeline.served.artifact import pack, unpack
from pipeline.served.nearest import Nearest
from pipeline.served.numeric_forms import Linear, NumericModel
from pipeline.served.protocols import logistic
from pipeline.spec import Candidate, NumericBlock
from pipeline.training.estimators import (
    TrainedModel,
    as_features,
    decision_values,
    featuriser,
    fit_calibration,
    fit_estimator,
)

X, Y = load_breast_cancer(return_X_y=True)
ROWS = [tuple(map(float, row)) for row in X]
CANDIDATES = {
    "scaled linear": Candidate(estimator="logistic_regression", features=NumericBlock(scale=True), grid={}),
    "raw linear": Candidate(estimator="logistic_regression", features=NumericBlock(scale=False), grid={}),
    "forest": Candidate(estimator="random_forest", features=NumericBlock(scale=False), grid={}),
}


def trained(candidate: Candidate) -> TrainedModel:
    block = candidate.features
    transform = featuriser(block)
    features = transform.fit_transform(as_features(block, ROWS[::2]))
    parameters = {"n_estimators": 40} if candidate.estimator == "random_forest" else {}
    estimator = fit_estimator(candidate, parameters, features, Y[::2], 0)
    calibration = fit_calibration(decision_values(estimator, features), Y[::2])
    return TrainedModel(
        featuriser=transform,
        estimator=estimator,
        calibration=calibration,
        threshold=0.5,
        block=block,
        feature_names=FEATURES,
    )


MODELS = {name: trained(candidate) for name, candidate in CANDIDATES.items()}


def test_the_feature_names_are_scikit_learns_in_its_order():
    assert list(FEATURES) == list(load_breast_cancer().feature_names)
    assert SPEC.feature_names == FEATURES


@pytest.mark.parametrize("name", MODELS)
def test_the_served_form_scores_every_row_as_scikit_learn_does(name):
    served = unpack(pack(MODELS[name].compiled(), None, {})).predictor
    scores = np.array([answer.score for answer in served.answer_many(ROWS)])
    assert np.max(np.abs(scores - MODELS[name].scores(ROWS))) < 1e-12


@pytest.mark.parametrize("name", MODELS)
def test_values_on_a_cut_fall_on_scikit_learns_side(name):
    model = MODELS[name].compiled()
    edges = model.form.cut[model.form.feature == 3] if name == "forest" else X[:5, 3]
    rows = [
        (*ROWS[0][:3], float(np.nextafter(edge, way)), *ROWS[0][4:]) for edge in edges[:20] for way in (-np.inf, np.inf)
    ]
    expected = MODELS[name].scores(rows)
    assert [a.score for a in model.predictor().answer_many(rows)] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_the_contributions_of_all_features_add_up_to_the_logit(name):
    model = MODELS[name].compiled()
    predictor, form = model.predictor(), model.form
    base = form.value[form.roots].mean() - 0.5 if name == "forest" else form.intercept
    for row in ROWS[:20]:
        answer = predictor.explain(row, top=30)
        logit = sum(value for _, value in answer.top_features) + model.slope * base + model.offset
        assert logistic(logit) == pytest.approx(answer.score, abs=1e-9)
        assert {feature for feature, _ in answer.top_features} <= set(FEATURES)


def test_one_row_and_many_rows_answer_alike():
    predictor = MODELS["forest"].compiled().predictor()
    assert [predictor.answer(row) for row in ROWS[:5]] == predictor.answer_many(ROWS[:5])


HUGE = (1e308, -1e308, 5e307, 1e200, -1e154, 0.0)
SCALES = {"mean": np.zeros(3), "scale": np.array([1.0, 1e-3, 2.0])}
POINTS = {"points": np.arange(12.0).reshape(4, 3), "votes": np.array([1.0, -1.0, 1.0, -1.0]), "k": 2}
FORMS = {
    "linear": Linear(**SCALES, weights=np.array([1.0, -2.0, 3.0]), intercept=0.2),
    "nearest by sums": Nearest(**SCALES, **POINTS, p=1, weights="uniform"),
    "nearest by squares": Nearest(**SCALES, **POINTS, p=2, weights="distance"),
}


@pytest.mark.parametrize("slope", [2.0, -50.0])
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_too_large_to_compute_with_have_no_score_and_all_others_finite_contributions(name, slope):
    model = NumericModel(features=("a", "b", "c"), form=FORMS[name], slope=slope, offset=0.1, threshold=0.5)
    answers = [model.predictor().explain(row) for row in product(HUGE, repeat=3)]
    scored = [answer for answer in answers if not isnan(answer.score)]
    assert 0 < len(scored) < len(answers)
    assert all(isfinite(value) for answer in scored for _, value in answer.top_features)


def test_an_infinite_decision_is_no_certain_class():
    model = NumericModel(features=("a", "b", "c"), form=FORMS["linear"], slope=2.0, offset=0.1, threshold=0.5)
    with np.errstate(over="ignore"):
        assert isnan(model.predictor().answer((0.0, 0.0, 1e308)).score)
    assert model.predictor().answer((0.0, 0.0, 1e300)).score == 1.0
