"""How new a text is beside the training texts of the positive class: its distance to the most similar one.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.distances import Bags, Floats, Ints, bags_of, inverse_frequency

# A word of more than this part of all training texts tells no text from another, and would cost most of the time.
COMMON_SHARE = 0.05
MOST_TEXTS = 2_000
# Texts are compared in slices, so that memory stays at a few megabytes whatever the window.
SLICE_TEXTS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbours:
    """Training texts as sets of their rarer words: text `text[i]` holds term `term[i]`, sorted by term.

    `weight` (terms,) is the idf of each term of the profile, 0 for words that are everywhere; `new_weight` is that of
    a word that the profile lacks.
    """

    text: NDArray[np.int32]
    term: NDArray[np.int32]
    weight: Floats
    new_weight: float

    @property
    def texts(self) -> int:
        return int(self.text.max(initial=-1)) + 1

    @cached_property
    def _starts(self) -> Ints:
        """Where the entries of each term begin, (terms + 1,)."""
        return np.searchsorted(self.term, np.arange(len(self.weight) + 1))

    @cached_property
    def _scale(self) -> Floats:
        squares = np.bincount(self.text, weights=self.weight[self.term] ** 2, minlength=self.texts)
        return 1 / np.sqrt(np.maximum(squares, 1e-12))

    def novelty(self, texts: Sequence[str], index: Mapping[str, int]) -> Floats:
        """One minus the cosine to the most similar training text, (len(texts),), in [0, 1].

        0 for a text of nothing but common words, none of which is new; 1 for a text without any word.
        """
        bags, terms = bags_of(texts, index)
        weight: Floats = np.append(self.weight, np.full(terms - len(self.weight), self.new_weight))[bags.term]
        squares = np.bincount(bags.text, weights=weight**2, minlength=len(texts))
        slices = [self._nearest(bags, weight, start) for start in range(0, len(texts), SLICE_TEXTS)]
        nearest = np.concatenate([np.zeros(0), *slices])  # of no slice there is nothing to join
        worded = np.bincount(bags.text, minlength=len(texts)) > 0
        cosine: Floats = np.where(squares > 0, nearest / np.sqrt(np.maximum(squares, 1e-12)), worded)
        novelty: Floats = np.clip(1 - cosine, 0.0, 1.0)
        return novelty

    def _nearest(self, bags: Bags, weight: Floats, start: int) -> Floats:
        """The largest inner product of each text of a slice with a training text of length 1."""
        texts = min(SLICE_TEXTS, bags.texts - start)
        here = (bags.text >= start) & (bags.text < start + texts) & (bags.term < len(self.weight)) & (weight > 0)
        text, term = bags.text[here] - start, bags.term[here]
        begin, count = self._starts[term], self._starts[term + 1] - self._starts[term]
        # Every training text that holds a term of the window, one entry after the other.
        entry = np.arange(int(count.sum())) + np.repeat(begin - np.cumsum(count) + count, count)
        cells = np.repeat(text, count) * self.texts + self.text[entry]
        products = np.bincount(cells, weights=np.repeat(weight[here] ** 2, count), minlength=texts * self.texts)
        largest: Floats = (products.reshape(texts, -1) * self._scale).max(axis=1, initial=0.0)
        return largest


def rare_weights(document_frequency: Ints, reference_texts: int) -> Floats:
    """The idf (terms,) of each term of the reference, 0 for one too common to compare texts by."""
    idf = inverse_frequency(document_frequency, reference_texts)
    return np.where(document_frequency > COMMON_SHARE * reference_texts, 0.0, idf)


def entries_of(
    texts: Sequence[str], index: Mapping[str, int], weight: Floats
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """`text` and `term` of `Neighbours`, of at most MOST_TEXTS evenly chosen texts; unknown terms are dropped."""
    chosen = [texts[place] for place in np.linspace(0, len(texts) - 1, min(len(texts), MOST_TEXTS)).astype(int)]
    bags, _ = bags_of(chosen, index)
    known = np.flatnonzero(bags.term < len(weight))
    kept = known[weight[bags.term[known]] > 0]
    order = kept[np.lexsort((bags.text[kept], bags.term[kept]))]
    return bags.text[order].astype(np.int32), bags.term[order].astype(np.int32)
