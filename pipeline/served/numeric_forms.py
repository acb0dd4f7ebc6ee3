"""Models over named numbers in the compiled form that is served: linear, trees, or nearest neighbours.

Plain arrays and numpy, with scikit-learn's own arithmetic, so that the served scores are those of the trained estimator
to the last digits. Pure: no clock, no files, no model calls.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from math import isfinite, nan
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.served.nearest import Nearest
from pipeline.served.protocols import Answer, Tensors, logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Linear:
    """decision = sum_i weights_i (x_i - mean_i) / scale_i + intercept; each array has the shape (features,)."""

    name: ClassVar[str] = "linear"
    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float

    def decide(self, x: Floats) -> Floats:
        """Decision values (n,) of rows (n, features)."""
        result: Floats = (x - self.mean) / self.scale @ self.weights + self.intercept
        return result

    def contributions(self, x: Floats) -> Floats:
        """What each feature adds to the decision of one row (features,): exact, they sum to decision - intercept."""
        return (x - self.mean) / self.scale * self.weights


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Trees in one set of arrays over all nodes; a node without children (-1) is a leaf.

    The decision is the mean over trees of the leaf's share of the positive class, minus one half.
    """

    name: ClassVar[str] = "trees"
    roots: Ints
    feature: Ints
    cut: Floats
    left: Ints
    right: Ints
    value: Floats

    def decide(self, x: Floats) -> Floats:
        """Decision values (n,) of rows (n, features)."""
        return np.array([self.value[self._path(row)[-1]].mean() for row in x]) - 0.5

    def contributions(self, x: Floats) -> Floats:
        """What each feature adds along the paths of one row, (features,); with the mean of the roots they sum to it.

        The change of the node's value at each split goes to the feature that was split on: Saabas (2014).
        """
        path = self._path(x)
        parts = np.zeros(len(x))
        for here, below in pairwise(path):
            moved = here != below
            np.add.at(parts, self.feature[here[moved]], self.value[below[moved]] - self.value[here[moved]])
        return parts / len(self.roots)

    def _path(self, x: Floats) -> list[Ints]:
        """The node of every tree (trees,) at each depth, from the roots to where all have reached their leaves."""
        # scikit-learn's trees compare in single precision; a double could fall on the other side of a cut.
        single = x.astype(np.float32)
        path = [self.roots]
        while True:
            node = path[-1]
            leaf = self.left[node] < 0
            if leaf.all():
                return path
            below = np.where(single[self.feature[node]] <= self.cut[node], self.left[node], self.right[node])
            path.append(np.where(leaf, node, below))


Form = Linear | Trees | Nearest
FORMS: Mapping[str, type[Linear] | type[Trees] | type[Nearest]] = {form.name: form for form in (Linear, Trees, Nearest)}


@dataclass(frozen=True, kw_only=True)
class NumericModel:
    """A numeric model: its form, the names of its features in order, calibration and threshold."""

    kind: ClassVar[str] = "numeric"
    features: tuple[str, ...]
    form: Form
    slope: float
    offset: float
    threshold: float

    def to_tensors(self) -> Tensors:
        values = {field.name: getattr(self.form, field.name) for field in fields(self.form)}
        return {name: np.asarray(value) for name, value in values.items() if isinstance(value, np.ndarray)}

    def parameters(self) -> dict[str, Any]:
        values = {field.name: getattr(self.form, field.name) for field in fields(self.form)}
        return {
            "form": self.form.name,
            "features": list(self.features),
            "slope": self.slope,
            "offset": self.offset,
            "threshold": self.threshold,
        } | {name: value for name, value in values.items() if not isinstance(value, np.ndarray)}

    @classmethod
    def from_tensors(cls, tensors: Tensors, parameters: Mapping[str, Any]) -> "NumericModel":
        """Raises KeyError, TypeError or ValueError when arrays or parameters do not make a model."""
        form = FORMS[parameters["form"]]
        values: dict[str, Any] = {
            field.name: tensors.get(field.name, parameters.get(field.name)) for field in fields(form)
        }
        if any(value is None for value in values.values()):
            raise ValueError("an array of the model is missing")
        return cls(
            features=tuple(parameters["features"]),
            form=form(**values),
            slope=parameters["slope"],
            offset=parameters["offset"],
            threshold=parameters["threshold"],
        )

    def predictor(self) -> "NumericPredictor":
        return NumericPredictor(self)


class NumericPredictor:
    """Answers for rows of numbers in the order of the model's features. Numbers too large to compute with have no
    score (NaN): an infinite sum would pass for certainty, and nobody could say what moved it.
    """

    def __init__(self, model: NumericModel):
        self.model = model

    def answer(self, value: Sequence[float]) -> Answer:
        return self.answer_many([value])[0]

    def explain(self, value: Sequence[float], top: int = 5) -> Answer:
        """The answer with the `top` features by absolute contribution to the logit; of nearest neighbours, to the
        distances (see nearest.py), which are no logit.
        """
        answer = self.answer(value)
        parts = self.model.form.contributions(np.array(value, dtype=np.float64)) * self.model.slope
        if not np.isfinite(parts).all():
            return Answer(0, nan)
        largest = np.argsort(-np.abs(parts), kind="stable")[:top]
        named = tuple((self.model.features[i], float(parts[i])) for i in largest if parts[i])
        return Answer(answer.prediction, answer.score, named)

    def answer_many(self, values: Iterable[Sequence[float]]) -> list[Answer]:
        rows = np.array(list(values), dtype=np.float64).reshape(-1, len(self.model.features))
        decisions = self.model.form.decide(rows)
        scores = [self._score(float(decision)) for decision in decisions]
        return [Answer(int(score >= self.model.threshold), score) for score in scores]

    def _score(self, decision: float) -> float:
        logit = self.model.slope * decision + self.model.offset
        return logistic(logit) if isfinite(logit) else nan
