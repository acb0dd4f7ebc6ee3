"""How texts are written, whatever they are about: which common words they use, and how long they are.

The words of one subject are shared by all who write about it; what little words they use, and how many, is not.
Pure: no clock, no files, no model calls.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.distances import Floats, Ints
from pipeline.monitoring.tokens import short_and_long_words

# A word of at least this part of the reference is common; beyond so many, the rarest of them tell nothing new.
COMMON_SHARE = 0.02
MOST_COMMON = 300
# The differences of so many words are added up: all of them would drown a few large ones in noise.
TELLING = 10
# Texts of more words, single letters included, are counted as of so many.
LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class Style:
    """In how many of `texts` texts each common word occurs (common,), and how many have each length (LONGEST + 1,)."""

    holders: Ints
    lengths: Ints
    texts: int

    def minus(self, part: "Style") -> "Style":
        """What remains of the texts without a part of them."""
        return Style(
            holders=self.holders - part.holders, lengths=self.lengths - part.lengths, texts=self.texts - part.texts
        )


@dataclass(frozen=True, kw_only=True)
class Written:
    """Which of the common words each text holds (texts, common), and how many words it has (texts,)."""

    holds: NDArray[np.bool_]
    words: Ints

    def style(self, chosen: NDArray[np.bool_] | None = None) -> Style:
        """The style of the texts that a mask (texts,) chooses; of all of them without one."""
        holds, words = (self.holds, self.words) if chosen is None else (self.holds[chosen], self.words[chosen])
        return Style(
            holders=np.count_nonzero(holds, axis=0).astype(np.int64),
            lengths=np.bincount(words, minlength=LONGEST + 1).astype(np.int64),
            texts=len(words),
        )


def common_words(texts: Sequence[str]) -> tuple[str, ...]:
    """The words, single letters included, that COMMON_SHARE of the texts hold: the most frequent ones, sorted."""
    frequency = Counter(word for text in texts for word in set(short_and_long_words(text)))
    common = [word for word, count in frequency.items() if count >= COMMON_SHARE * len(texts)]
    return tuple(sorted(sorted(common, key=lambda word: (-frequency[word], word))[:MOST_COMMON]))


def written(texts: Sequence[str], index: Mapping[str, int]) -> Written:
    """`index` gives the place of each common word."""
    rows: list[int] = []
    places: list[int] = []
    words: list[int] = []
    for row, text in enumerate(texts):
        found = short_and_long_words(text)
        held = [index[word] for word in found if word in index]
        places += held
        rows += [row] * len(held)
        words.append(len(found))
    holds = np.zeros((len(texts), len(index)), dtype=np.bool_)
    holds[rows, places] = True
    return Written(holds=holds, words=np.minimum(np.array(words, dtype=np.int64), LONGEST))


def common_words_distance(window: Style, reference: Style) -> float:
    """Root of the sum of the TELLING largest squared differences of shares, each in its standard errors."""
    n, m = window.texts, reference.texts
    pooled = (window.holders + reference.holders) / (n + m)
    error = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n + 1 / m))
    squares = np.sort(((window.holders / n - reference.holders / m) / error) ** 2)
    return sqrt(float(squares[-TELLING:].sum()))


def length_distance(window: Style, reference: Style) -> float:
    """The Kolmogorov-Smirnov distance between the lengths."""
    apart = np.cumsum(window.lengths) / window.texts - np.cumsum(reference.lengths) / reference.texts
    return float(np.abs(apart).max())


def style_statistics(window: Style, reference: Style) -> Floats:
    """Both distances, (2,). Neither side may be without texts."""
    return np.array([common_words_distance(window, reference), length_distance(window, reference)])
