"""Shapley values of a tree model by the package shap, an extra: pip install -r requirements-explain.txt."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.errors import InputError
from pipeline.served.numeric_forms import NumericPredictor, Trees


def shapley_values(predictor: Any, row: Sequence[float], top: int) -> list[tuple[str, float]]:
    """The `top` features by Shapley value of the logit, path-dependent (Lundberg et al., 2020).

    Raises InputError for a model without trees, and without the package.
    """
    if not isinstance(predictor, NumericPredictor) or not isinstance(predictor.model.form, Trees):
        raise InputError(
            "Shapley values are for models of trees; the other models' contributions are exact as they are."
        )
    try:
        import shap
    except ImportError as error:
        raise InputError("Shapley values need the package shap: pip install -r requirements-explain.txt") from error
    model = predictor.model
    explainer = shap.TreeExplainer(_as_shap(predictor.model.form))
    values = np.asarray(explainer.shap_values(np.array([row], dtype=np.float64))).reshape(-1) * model.slope
    largest = np.argsort(-np.abs(values), kind="stable")[:top]
    return [(model.features[i], float(values[i])) for i in largest]


def _as_shap(trees: Trees) -> dict[str, Any]:
    """The trees as shap's own description of an ensemble."""
    ends = [*trees.roots[1:], len(trees.feature)]
    return {"trees": [_tree(trees, int(start), int(end)) for start, end in zip(trees.roots, ends, strict=True)]}


def _tree(trees: Trees, start: int, end: int) -> dict[str, Any]:
    left, right = (np.where(c[start:end] >= 0, c[start:end] - start, -1) for c in (trees.left, trees.right))
    return {
        "children_left": left,
        "children_right": right,
        "children_default": left,
        "features": np.where(left >= 0, trees.feature[start:end], -2),
        "thresholds": trees.cut[start:end],
        "values": (trees.value[start:end] / len(trees.roots)).reshape(-1, 1),
        "node_sample_weight": _covers(trees, start, end, left, right),
    }


def _covers(trees: Trees, start: int, end: int, left: Any, right: Any) -> Any:
    """How much of the training rows each node had, from the shares: value = l * left + (1 - l) * right."""
    value = trees.value[start:end]
    cover = np.ones(end - start)
    for node in range(end - start):  # children come after their parent
        if left[node] < 0:
            continue
        gap = value[left[node]] - value[right[node]]
        share = (value[node] - value[right[node]]) / gap if gap else 0.5
        cover[left[node]], cover[right[node]] = cover[node] * share, cover[node] * (1 - share)
    return cover
