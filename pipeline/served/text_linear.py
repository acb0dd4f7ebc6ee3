"""A linear text model in the compiled form that is served: TF-IDF of one block, weights, calibration, threshold.

The same sums as scikit-learn's TfidfVectorizer and a linear estimator (held together by the gate's parity rule),
without its matrices. Pure: no clock, no files, no model calls.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from math import sqrt
from threading import local
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.served.protocols import Answer, Tensors, logistic

# scikit-learn's default token pattern: two or more word characters.
_TOKEN = re.compile(r"(?u)\b\w\w+\b")
# The same with words of one letter: "8/10", "don't".
_TOKEN_OF_ONE = re.compile(r"(?u)\b\w+\b")
_EDGE_PUNCTUATION = re.compile(r"^\W+|\W+$")
# Character n-grams lie inside words, so the ids of a word can be remembered; the memory is bounded by this many words.
MOST_CACHED_WORDS = 50_000
LONGEST_CACHED_WORD = 40
FORGOTTEN_AT_ONCE = 200
# Weights by count are looked up in a table that covers texts with fewer features than this.
MOST_TABLED_ENTRIES = 4_096

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
# A weight and a square, as the real and the imaginary part: numpy then picks and sums both at once.
Pairs = NDArray[np.complex128]
FLOAT, INT, PAIR = np.dtype(np.float64), np.dtype(np.intp), np.dtype(np.complex128)
NOTHING: Ints = np.zeros(0, dtype=INT)


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
    one_letter_words: bool = False

    def to_tensors(self) -> Tensors:
        return {
            "terms": np.frombuffer("\n".join(self.terms).encode(errors="surrogatepass"), dtype=np.uint8),
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
        } | ({"one_letter_words": True} if self.one_letter_words else {})

    @classmethod
    def from_tensors(cls, tensors: Tensors, parameters: Mapping[str, Any]) -> "TextLinearModel":
        """Raises KeyError, TypeError or ValueError when arrays or parameters do not make a model."""
        terms = tensors["terms"].tobytes().decode(errors="surrogatepass").split("\n")
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
        # An n-gram of words is listed under each of its words, every other feature under one.
        listings = np.ones(len(model.terms), dtype=INT)
        if model.analyzer == "word":
            listings += [term.count(" ") for term in model.terms]
        self._listings = listings if (listings > 1).any() else None
        self._by_feature = _pairs(model.idf * model.weights / listings, model.idf**2 / listings)
        self._by_count = _by_count(MOST_TABLED_ENTRIES, model.sublinear_tf)
        self._counts = _Counts(len(model.terms))
        ids = {term: i for i, term in enumerate(model.terms)}
        self._words: CharacterWords | WordWords
        if model.analyzer == "char_wb":
            self._words = CharacterWords(model.ngram_range, ids, most_cached_words)
        else:
            self._words = WordWords(model.ngram_range, ids, _TOKEN_OF_ONE if model.one_letter_words else _TOKEN)

    def answer(self, text: str) -> Answer:
        """Class and P(positive) of one text, without an explanation."""
        whole = complex(np.add.reduce(self._parts(self._words(text.lower()).ids)))
        return Answer(*self._decide(whole.real, whole.imag))

    def explain(self, text: str, top: int = 5) -> Answer:
        """The same with the `top` words by absolute contribution to the logit; the parts of a word are summed to it."""
        words = self._words(text.lower())
        if not words.shown:
            return Answer(*self._decide(0.0, 0.0))
        by_word: list[float] = np.add.reduceat(self._parts(words.ids), words.starts).view(FLOAT).tolist()
        sums, squares = by_word[::2], sum(by_word[1::2])
        prediction, score = self._decide(sum(sums), squares)
        scale = self.model.slope / sqrt(squares) if squares > 0.0 else 0.0
        return Answer(prediction, score, _largest(words.shown, sums, scale, top))

    def answer_many(self, texts: Iterable[str]) -> list[Answer]:
        return [self.answer(text) for text in texts]

    def forget(self) -> Iterator[None]:
        """Give back the memory of words in slices, one each time: all at once would hold up every other thread."""
        if isinstance(self._words, CharacterWords):
            yield from self._words.forget()

    def _parts(self, ids: Ints) -> Pairs:
        """What each occurrence of a feature adds before normalisation, and to the sum of squared TF-IDF values."""
        n = self._counts.of(ids)
        if self._listings is not None:
            n //= self._listings[ids]
        shares = self._by_count
        if len(ids) >= len(shares):  # so long a text that a feature might occur more often than the table goes
            shares = _by_count(len(ids), self.model.sublinear_tf)
        parts: Pairs = self._by_feature[ids]
        numbers = parts.view(FLOAT)  # weights times weights and squares times squares, not a complex product
        numbers *= shares[n].view(FLOAT)
        return parts

    def _decide(self, total: float, squares: float) -> tuple[int, float]:
        model = self.model
        decision = (total / sqrt(squares) if squares > 0.0 else 0.0) + model.intercept
        score = logistic(model.slope * decision + model.offset)
        return int(score >= model.threshold), score


def _largest(shown: Sequence[str], sums: list[float], scale: float, top: int) -> tuple[tuple[str, float], ...]:
    """The `top` words by absolute sum, times `scale`; of equal ones the word that comes first. Repeats are added up."""
    if len(set(shown)) < len(shown):
        by_word: dict[str, float] = {}
        for word, value in zip(shown, sums, strict=True):
            by_word[word] = by_word.get(word, 0.0) + value
        shown, sums = list(by_word), list(by_word.values())
    sizes = list(map(abs, sums))
    largest = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)[:top]
    return tuple([(shown[place], sums[place] * scale) for place in largest if sizes[place]])


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
        n: Ints = table[ids]
        table[ids] = 0
        return n


def _by_count(most: int, sublinear: bool) -> Pairs:
    """tf(n) / n and tf(n)^2 / n for n = 0 to `most`."""
    n = np.arange(1, most + 1, dtype=FLOAT)
    tf = 1.0 + np.log(n) if sublinear else n
    return np.concatenate((np.zeros(1, dtype=PAIR), _pairs(tf / n, tf * tf / n)))


def _pairs(weights: Floats, squares: Floats) -> Pairs:
    pairs: Pairs = np.stack((weights, squares), axis=1, dtype=FLOAT).view(PAIR).ravel()
    return pairs


class Words(NamedTuple):
    """The words of a text that take part in a feature, as they are shown; the numbers of those features, one word's
    after the other's; and where each word's begin.
    """

    shown: Sequence[str]
    ids: Ints
    starts: Sequence[int]


NO_WORDS = Words((), NOTHING, ())


def _starts(lengths: Iterable[int]) -> list[int]:
    starts = list(accumulate(lengths, initial=0))
    starts.pop()
    return starts


class CharacterWords:
    """Splits a lowercase text as `char_wb` does: n-grams of each word between two spaces."""

    def __init__(self, ngram_range: tuple[int, int], ids: dict[str, int], most_cached: int):
        self._shortest, self._longest = ngram_range
        self._most_cached = most_cached
        self._ids = ids
        # A word has a dozen numbers, and tens of thousands of words are kept.
        self._kept = np.min_scalar_type(len(ids))
        self._cache: dict[str, tuple[str, bytes, int]] = {}

    def __call__(self, text: str) -> Words:
        known = self._cache.get
        words = [entry for word in text.split() if (entry := known(word) or self._look_up(word))[2]]
        if not words:
            return NO_WORDS
        shown, ids, lengths = zip(*words, strict=True)
        return Words(shown, np.frombuffer(b"".join(ids), self._kept).astype(INT), _starts(lengths))

    def forget(self) -> Iterator[None]:
        while self._cache:
            for word in list(islice(self._cache, FORGOTTEN_AT_ONCE)):
                self._cache.pop(word, None)
            yield

    def _look_up(self, word: str) -> tuple[str, bytes, int]:
        """The word as it is shown, its features' numbers as the bytes of an array, and how many there are."""
        known = self._ids
        found = [known[gram] for gram in character_ngrams(word, self._shortest, self._longest) if gram in known]
        entry = (_EDGE_PUNCTUATION.sub("", word) or word, np.array(found, dtype=self._kept).tobytes(), len(found))
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
    """Splits a lowercase text into tokens; an n-gram is listed under each of its words."""

    def __init__(self, ngram_range: tuple[int, int], ids: dict[str, int], token: re.Pattern[str] = _TOKEN):
        if ngram_range[0] != 1:
            raise ValueError(f"Word n-grams of {ngram_range} cannot be compiled; they start at 1.")
        self._longer = range(2, ngram_range[1] + 1)
        self._ids = ids
        self._token = token

    def __call__(self, text: str) -> Words:
        tokens = self._token.findall(text)
        known = self._ids
        found: list[list[int]] = [[known[token]] if token in known else [] for token in tokens]
        for n in self._longer:
            for start, words_of in enumerate(zip(*(tokens[place:] for place in range(n)), strict=False)):
                gram = known.get(" ".join(words_of))
                if gram is not None:
                    for place in range(start, start + n):
                        found[place].append(gram)
        words = [(token, ids) for token, ids in zip(tokens, found, strict=True) if ids]
        ids = np.array(list(chain.from_iterable(found)), dtype=np.intp)
        return Words([token for token, _ in words], ids, _starts(len(ids) for _, ids in words))
