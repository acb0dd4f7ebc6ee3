"""Shapley values of trees, where the extra package is installed; what is said where it is not, everywhere."""

import importlib.util

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.shapley import shapley_values
from tests.pipeline.served.test_numeric_forms import MODELS, ROWS

FOREST = MODELS["forest"].compiled()
INSTALLED = importlib.util.find_spec("shap") is not None


@pytest.mark.skipif(not INSTALLED, reason="shap is not installed: pip install -r requirements-explain.txt")
@pytest.mark.parametrize("row", ROWS[:3])
def test_the_shapley_values_add_up_to_the_decision(row):
    values = dict(shapley_values(FOREST.predictor(), row, top=30))
    expected = [tree.tree_.value[0, 0, 1] for tree in MODELS["forest"].estimator.estimators_]
    decision = FOREST.form.decide(np.array([row]))[0] + 0.5
    assert sum(values.values()) == pytest.approx(FOREST.slope * (decision - np.mean(expected)), abs=1e-6)


@pytest.mark.skipif(INSTALLED, reason="shap is installed here")
def test_without_the_package_the_error_says_how_to_get_it():
    with pytest.raises(InputError, match="requirements-explain"):
        shapley_values(FOREST.predictor(), ROWS[0], top=5)


def test_a_model_without_trees_has_exact_contributions_already():
    with pytest.raises(InputError, match="trees"):
        shapley_values(MODELS["scaled linear"].compiled().predictor(), ROWS[0], top=5)
