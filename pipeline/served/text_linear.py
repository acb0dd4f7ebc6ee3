"""A linear text model in the compiled form that is served: TF-IDF of one block, weights, calibration, threshold.

The same sums as scikit-learn's TfidfVectorizer and a linear estimator (held together by the gate's parity rule),
without its matrices. Pure: no clock, no files, no model calls.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from math import sqrt
from threading import local
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.served.protocols import Answer, Tensors, logistic

# scikit-learn's default token pattern: two or more word characters.
_TOKEN = re.compile(r"(?u)\b\w\w+\b")
_EDGE_PUNCTUATION = re.compile(r"^\W+|\W+$")
# Character n-grams lie inside words, so the ids of a word can be remembered; the memory is bounded by this many words.
MOST_CACHED_WORDS = 50_000
LONGEST_CACHED_WORD = 40
# Weights by count are looked up in a table that covers texts with fewer features than this.
MOST_TABLED_ENTRIES = 4_096

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
ZERO: Floats = np.zeros(1)
NOTHING: Ints = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class TextLinearModel:
    """The numbers of a model.

    `terms`, `idf` and `weights` have one entry a feature; P = 1/(1+exp(-(slope f + offset))).
    """

    kind: ClassVar[str] = "text_linear"
    analyzer: Literal["word", "char_wb"]
    ngram_range: tuple[int, int]
    sublinear_tf: bool
    terms: Sequence[str]
    idf: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float
    slope: float
    offset: float
    threshold: float

    def to_tensors(self) -> Tensors:
        return {
            "terms": np.frombuffer("\n".join(self.terms).encode(), dtype=np.uint8),
            "idf": np.asarray(self.idf, dtype=np.float64),
            "weights": np.asarray(self.weights, dtype=np.float64),
        }

    def parameters(self) -> dict[str, Any]:
        return {
            "analyzer": self.analyzer,
            "ngram_range": list(self.ngram_range),
            "sublinear_tf": self.sublinear_tf,
            "intercept": float(self.intercept),
            "slope": float(self.slope),
            "offset": float(self.offset),
            "threshold": float(self.threshold),
        }

    @classmethod
    def from_tensors(cls, tensors: Tensors, parameters: Mapping[str, Any]) -> "TextLinearModel":
        """Raises KeyError, TypeError or ValueError when arrays or parameters do not make a model."""
        terms = tensors["terms"].tobytes().decode().split("\n")
        if not len(terms) == len(tensors["idf"]) == len(tensors["weights"]):
            raise ValueError("terms, idf and weights differ in length")
        known = {**parameters, "ngram_range": tuple(parameters["ngram_range"])}
        return cls(terms=terms, idf=tensors["idf"], weights=tensors["weights"], **known)

    def predictor(self) -> "TextPredictor":
        return TextPredictor(self)


class TextPredictor:
    """Answers for texts, from several threads if need be.

    A text is the features of its words, one after the other. A feature that occurs n times weighs tf(n), so each of its
    occurrences weighs tf(n) / n: that way every word has a contribution of its own.
    """

    def __init__(self, model: TextLinearModel, most_cached_words: int = MOST_CACHED_WORDS):
        self.model = model
        # A bigram is listed under both of its words, every other feature under one.
        listings = np.array(
            [2 if model.analyzer == "word" and " " in term else 1 for term in model.terms], dtype=np.intp
        )
        self._listings = listings if (listings > 1).any() else None
        self._weighted = model.idf * model.weights / listings
        self._squared = model.idf**2 / listings
        self._by_count = _by_count(MOST_TABLED_ENTRIES, model.sublinear_tf)
        self._counts = _Counts(len(model.terms))
        ids = {term: i for i, term in enumerate(model.terms)}
        self._words: CharacterWords | WordWords
        if model.analyzer == "char_wb":
            self._words = CharacterWords(model.ngram_range, ids, most_cached_words)
        else:
            self._words = WordWords(model.ngram_range, ids)

    def answer(self, text: str) -> Answer:
        """Class and P(positive) of one text, without an explanation."""
        parts, squares = self._parts(self._words(text.lower()).ids)
        return self._decide(float(parts.sum()), squares)

    def explain(self, text: str, top: int = 5) -> Answer:
        """The same with the `top` words by absolute contribution to the logit; the parts of a word are summed to it."""
        words = self._words(text.lower())
        parts, squares = self._parts(words.ids)
        answer = self._decide(float(parts.sum()), squares)
        return Answer(answer.prediction, answer.score, self._top(words, parts, squares, top))

    def answer_many(self, texts: Iterable[str]) -> list[Answer]:
        return [self.answer(text) for text in texts]

    def _parts(self, ids: Ints) -> tuple[Floats, float]:
        """What each occurrence of a feature adds before normalisation, and the sum of squared TF-IDF values."""
        n = self._counts.of(ids)
        if self._listings is not None:
            n //= self._listings[ids]
        share, squared_share = self._by_count
        if len(ids) >= len(share):  # so long a text that a feature might occur more often than the table goes
            share, squared_share = _by_count(len(ids), self.model.sublinear_tf)
        parts: Floats = self._weighted[ids] * share[n]
        return parts, float(self._squared[ids] @ squared_share[n])

    def _decide(self, total: float, squares: float) -> Answer:
        model = self.model
        decision = (total / sqrt(squares) if squares > 0.0 else 0.0) + model.intercept
        score = logistic(model.slope * decision + model.offset)
        return Answer(int(score >= model.threshold), score)

    def _top(self, words: "Words", parts: Floats, squares: float, top: int) -> tuple[tuple[str, float], ...]:
        if squares <= 0.0:
            return ()
        # The places between words, and differences of running sums: one call instead of one a word.
        running = np.concatenate((ZERO, parts.cumsum()))
        ends: list[float] = running[list(accumulate(words.lengths))].tolist()
        by_word: dict[str, float] = {}
        before = 0.0
        for shown, end in zip(words.shown, ends, strict=True):
            by_word[shown] = by_word.get(shown, 0.0) + end - before
            before = end
        scale = self.model.slope / sqrt(squares)
        largest = sorted(by_word.items(), key=_by_size, reverse=True)[:top]
        return tuple([(word, value * scale) for word, value in largest if value])


class _Counts:
    """How often each number occurs among some: a table that is put back to zero after use, one for each thread."""

    def __init__(self, size: int):
        self._size = size
        self._own = local()

    def of(self, ids: Ints) -> Ints:
        try:
            table: Ints = self._own.table
        except AttributeError:
            table = self._own.table = np.zeros(self._size, dtype=np.intp)
        np.add.at(table, ids, 1)
        n = table[ids]
        table[ids] = 0
        return n


def _by_count(most: int, sublinear: bool) -> tuple[Floats, Floats]:
    """tf(n) / n and tf(n)^2 / n for n = 0 to `most`."""
    n = np.arange(1, most + 1, dtype=np.float64)
    tf = 1.0 + np.log(n) if sublinear else n
    return np.concatenate((ZERO, tf / n)), np.concatenate((ZERO, tf * tf / n))


class Words(NamedTuple):
    """The words of a text as they are shown, the numbers of the features that they take part in, one word's after the
    other's, and how many each word has.
    """

    shown: list[str]
    ids: Ints
    lengths: list[int]


def _by_size(item: tuple[str, float]) -> float:
    return abs(item[1])


class CharacterWords:
    """Splits a lowercase text as `char_wb` does: n-grams of each word between two spaces."""

    def __init__(self, ngram_range: tuple[int, int], ids: dict[str, int], most_cached: int):
        self._shortest, self._longest = ngram_range
        self._most_cached = most_cached
        self._ids = ids
        self._cache: dict[str, tuple[str, Ints, int]] = {}

    def __call__(self, text: str) -> Words:
        cache = self._cache
        words = [cache.get(word) or self._look_up(word) for word in text.split()]
        ids = np.concatenate([word[1] for word in words]) if words else NOTHING
        return Words([word[0] for word in words], ids, [word[2] for word in words])

    def _look_up(self, word: str) -> tuple[str, Ints, int]:
        known = self._ids
        found = [known[gram] for gram in character_ngrams(word, self._shortest, self._longest) if gram in known]
        entry = (_EDGE_PUNCTUATION.sub("", word) or word, np.array(found, dtype=np.intp), len(found))
        if len(word) <= LONGEST_CACHED_WORD:
            if len(self._cache) >= self._most_cached:
                self._cache.clear()
            self._cache[word] = entry
        return entry


def character_ngrams(word: str, shortest: int, longest: int) -> list[str]:
    """The n-grams of one word padded with a space on each side; a word shorter than n counts once, whole."""
    padded = f" {word} "
    grams: list[str] = []
    for n in range(shortest, longest + 1):
        if len(padded) <= n:
            grams.append(padded)
            break
        grams.extend(padded[i : i + n] for i in range(len(padded) - n + 1))
    return grams


class WordWords:
    """Splits a lowercase text into tokens; a bigram is listed under both of its words."""

    def __init__(self, ngram_range: tuple[int, int], ids: dict[str, int]):
        if ngram_range not in ((1, 1), (1, 2)):
            raise ValueError(f"Word n-grams of {ngram_range} cannot be compiled; use (1, 1) or (1, 2).")
        self._bigrams = ngram_range[1] == 2
        self._ids = ids

    def __call__(self, text: str) -> Words:
        tokens = _TOKEN.findall(text)
        known = self._ids
        found: list[list[int]] = [[known[token]] if token in known else [] for token in tokens]
        if self._bigrams:
            for left, pair in enumerate(pairwise(tokens)):
                bigram = known.get(" ".join(pair))
                if bigram is not None:
                    found[left].append(bigram)
                    found[left + 1].append(bigram)
        return Words(tokens, np.array(list(chain.from_iterable(found)), dtype=np.intp), [len(ids) for ids in found])
