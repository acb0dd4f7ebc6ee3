"""K nearest neighbours with the ties of the k-th neighbour voting too, as an estimator of scikit-learn's kind."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator

from pipeline.served.nearest import TIE

Floats = NDArray[np.float64]
ROWS_AT_ONCE = 500


class NearestNeighbours(BaseEstimator):  # type: ignore[misc]
    """A vote of the k nearest training rows; `weights` "distance" counts a vote 1 / (1 + d).

    scikit-learn's own classifier breaks ties by the order of the rows; here every row as near as the k-th votes.
    """

    def __init__(self, n_neighbors: int = 5, p: Literal[1, 2] = 2, weights: Literal["uniform", "distance"] = "uniform"):
        self.n_neighbors = n_neighbors
        self.p = p
        self.weights = weights

    def fit(self, features: Floats, labels: NDArray[Any], sample_weight: Floats | None = None) -> "NearestNeighbours":
        counts = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.points_ = np.asarray(features, dtype=np.float64)
        self.votes_ = np.where(np.asarray(labels) == 1, counts, -counts)
        return self

    def decision_function(self, features: Floats) -> Floats:
        """The share of positive votes minus one half, (n,)."""
        rows = [features[start : start + ROWS_AT_ONCE] for start in range(0, len(features), ROWS_AT_ONCE)]
        return np.concatenate([self._decide(some) for some in rows])

    def _decide(self, rows: Floats) -> Floats:
        distances = cdist(rows, self.points_, "cityblock" if self.p == 1 else "euclidean")
        kth = np.partition(distances, self.n_neighbors - 1, axis=1)[:, [self.n_neighbors - 1]]
        votes = np.where(distances <= kth * (1 + TIE) + TIE, self.votes_, 0.0)
        if self.weights == "distance":
            votes = votes / (1 + distances)
        positive: Floats = np.maximum(votes, 0.0).sum(axis=1) / np.abs(votes).sum(axis=1)
        return positive - 0.5
