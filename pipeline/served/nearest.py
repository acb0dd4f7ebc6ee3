"""K nearest neighbours in the form that is served: the training points themselves, and a vote of the nearest.

Points that are as near as the k-th vote too, so the answer does not depend on the order of the points.
Pure: no clock, no files, no model calls.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Distances this much further than the k-th, relative and absolute, are equal to it but for rounding.
TIE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """decision = share of the positive votes among the k nearest points - 1/2.

    `points` (n, features) are scaled as (x - mean) / scale; `votes` (n,) is what each vote weighs, negative for a
    point of the negative class. `weights`: every vote alike, or less with the distance, 1 / (1 + d).
    """

    name: ClassVar[str] = "nearest"
    mean: Floats
    scale: Floats
    points: Floats
    votes: Floats
    k: int
    p: int
    weights: Literal["uniform", "distance"]

    def decide(self, x: Floats) -> Floats:
        """Decision values (n,) of rows (n, features)."""
        return np.array([self._vote(row) for row in (x - self.mean) / self.scale], dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """How much nearer each feature brings one row (features,) to its k nearest positive points than to its k
        nearest negative ones. They sum to the difference of the mean distances, to the power of p.
        """
        apart = np.abs(self.points - (x - self.mean) / self.scale) ** self.p
        distance, positive = apart.sum(axis=1), self.votes > 0
        ours, others = (
            self._mean_of_nearest(apart, distance, positive),
            self._mean_of_nearest(apart, distance, ~positive),
        )
        return others - ours

    def _mean_of_nearest(self, apart: Floats, distance: Floats, among: NDArray[np.bool_]) -> Floats:
        of_class = np.flatnonzero(among)
        nearest = of_class[np.argsort(distance[of_class], kind="stable")[: self.k]]
        mean: Floats = apart[nearest].mean(axis=0)
        return mean

    def _vote(self, scaled: Floats) -> float:
        apart = np.abs(self.points - scaled)
        distance = apart.sum(axis=1) if self.p == 1 else np.sqrt((apart * apart).sum(axis=1))
        kth = np.partition(distance, self.k - 1)[self.k - 1]
        near = distance <= kth * (1 + TIE) + TIE
        votes = self.votes[near] if self.weights == "uniform" else self.votes[near] / (1 + distance[near])
        return float(votes[votes > 0].sum() / np.abs(votes).sum() - 0.5)
