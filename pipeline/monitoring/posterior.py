"""The accuracy of a window from labels that were chosen by strata: a posterior over the messages of that very window.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, lgamma

import numpy as np

from pipeline.monitoring.distances import Floats

# Beta(0.25 + 2 p, 0.25 + 2 (1 - p)): what the model expects of itself counts as much as two and a half labels.
PRIOR_BASE, PRIOR_STRENGTH = 0.25, 2.0


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """A part of a window. `labelled` were chosen by chance, `correct` of them are right; `expected` is what the model
    thinks of its answers here. `known` more are known without having been chosen, `known_correct` of them right: these
    count as what they are and say nothing about the others.
    """

    messages: int
    expected: float
    labelled: int
    correct: int
    known: int = 0
    known_correct: int = 0

    @property
    def unknown(self) -> int:
        return self.messages - self.labelled - self.known


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """P(k of the window's messages are answered rightly) for each k, (messages + 1,)."""

    chances: Floats

    @property
    def messages(self) -> int:
        return len(self.chances) - 1

    @property
    def mean(self) -> float:
        return float(self.chances @ np.arange(len(self.chances))) / self.messages

    def below(self, accuracy: float) -> float:
        """P(the share of right answers < accuracy)."""
        # The smallest count that reaches the accuracy; 465 of 500 reach 93%, whatever binary fractions say.
        return float(min(1.0, self.chances[: ceil(accuracy * self.messages - 1e-9)].sum()))

    def interval(self, confidence: float) -> tuple[float, float]:
        """The central interval that holds the share of right answers with at least that probability."""
        tail, total = (1 - confidence) / 2, np.cumsum(self.chances)
        low = int(np.searchsorted(total, tail, side="right"))
        high = int(np.searchsorted(total, 1 - tail - 1e-12, side="left"))
        return low / self.messages, min(high, self.messages) / self.messages


def posterior(strata: Sequence[Stratum]) -> Posterior:
    """The posterior over a window of one or more messages."""
    chances = np.ones(1)
    for stratum in strata:
        sure = stratum.correct + stratum.known_correct
        wrong = stratum.labelled + stratum.known - sure
        chances = np.convolve(chances, np.pad(_beta_binomial(stratum), (sure, wrong)))
    return Posterior(chances=np.maximum(chances, 0.0) / chances.sum())


def _beta_binomial(stratum: Stratum) -> Floats:
    """P(k of the unknown messages are answered rightly), (unknown + 1,)."""
    n = stratum.unknown
    a = PRIOR_BASE + PRIOR_STRENGTH * stratum.expected + stratum.correct
    b = PRIOR_BASE + PRIOR_STRENGTH * (1 - stratum.expected) + stratum.labelled - stratum.correct
    whole = lgamma(n + 1) + lgamma(a + b) - lgamma(a) - lgamma(b) - lgamma(n + a + b)
    return np.array(
        [exp(whole + lgamma(k + a) + lgamma(n - k + b) - lgamma(k + 1) - lgamma(n - k + 1)) for k in range(n + 1)]
    )


def with_more_labels(strata: Sequence[Stratum], more: Sequence[int]) -> list[Stratum]:
    """The strata after so many more labels in each, if the accuracies seen so far hold."""
    return [_with_more(stratum, min(count, stratum.unknown)) for stratum, count in zip(strata, more, strict=True)]


def _with_more(stratum: Stratum, more: int) -> Stratum:
    seen = PRIOR_BASE + PRIOR_STRENGTH * stratum.expected + stratum.correct
    rate = seen / (2 * PRIOR_BASE + PRIOR_STRENGTH + stratum.labelled)
    right = min(round(rate * more), more)
    return replace(stratum, labelled=stratum.labelled + more, correct=stratum.correct + right)
