"""A linear model over features weighted by naive Bayes: Wang and Manning, ACL 2012, pages 90-94."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.svm import LinearSVC

Floats = NDArray[np.float64]


class NaiveBayesWeighted(BaseEstimator):  # type: ignore[misc]
    """A linear support vector machine on features times r, the log ratio of how often each occurs in either class.

    r is counted over the rows that have the feature at all; `coef_` already holds r, so it is an ordinary linear model.
    """

    def __init__(self, C: float = 1.0, smoothing: float = 1.0, random_state: int = 0):
        self.C = C
        self.smoothing = smoothing
        self.random_state = random_state

    def fit(self, features: Any, labels: NDArray[Any], sample_weight: Floats | None = None) -> "NaiveBayesWeighted":
        present, positive = features.copy(), np.asarray(labels) == 1
        present.data[:] = 1.0
        r = np.log(self._frequency(present[positive])) - np.log(self._frequency(present[~positive]))
        weighted = features.copy()
        weighted.data *= r[weighted.indices]
        machine = LinearSVC(C=self.C, random_state=self.random_state)
        machine.fit(weighted, labels, sample_weight=sample_weight)
        self.coef_ = machine.coef_ * r
        self.intercept_ = machine.intercept_
        return self

    def decision_function(self, features: Any) -> Floats:
        return np.asarray(features @ self.coef_[0] + self.intercept_[0])

    def _frequency(self, present: Any) -> Floats:
        counts = np.asarray(present.sum(axis=0), dtype=np.float64).ravel() + self.smoothing
        shares: Floats = counts / counts.sum()
        return shares
