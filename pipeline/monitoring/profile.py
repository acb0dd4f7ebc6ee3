"""The reference profile of a version: what monitoring needs of the training texts, so that it never needs the texts.

Pure: no clock, no files, no model calls.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.homes import group_key
from pipeline.monitoring.distances import (
    Bags,
    Floats,
    Ints,
    Reference,
    bags_of,
    good_turing,
    inverse_frequency,
    mean_tfidf,
    raw_statistics,
)
from pipeline.monitoring.held_out import HeldOut
from pipeline.monitoring.neighbours import Neighbours, rare_weights
from pipeline.monitoring.null_table import SIZES, null_table
from pipeline.monitoring.style import Style, Written, common_words, style_statistics, written
from pipeline.monitoring.tokens import pattern_terms, tokenize, unique_texts

# A window of the null may hold at most this part of the reference: what remains must still be like the whole.
LARGEST_NULL_PART = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """What a version knows of its training texts. Null tables have a column for each size of `null_sizes`."""

    terms: tuple[str, ...]
    counts: Ints
    document_frequency: Ints
    mean_tfidf: Floats
    texts: int
    worded_texts: int
    null_sizes: Ints
    null_mean: Floats
    null_sd: Floats
    null_quantile: Floats
    patterns: tuple[str, ...]
    pattern_frequency: Ints
    common: tuple[str, ...]
    holders: Ints
    lengths: Ints
    held_out: HeldOut | None = None

    @property
    def tokens(self) -> int:
        return int(self.counts.sum())

    @property
    def unseen_expected(self) -> float:
        """The Good-Turing estimate: the share of words in a text of the same kind that the reference does not hold."""
        return good_turing(self.counts, self.document_frequency)

    @cached_property
    def term_index(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}

    @cached_property
    def pattern_index(self) -> dict[str, int]:
        """In how many training texts each masked term occurs; terms of a single text are left out."""
        return dict(zip(self.patterns, self.pattern_frequency.tolist(), strict=True))

    @cached_property
    def common_index(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.common)}

    @property
    def style(self) -> Style:
        return Style(holders=self.holders, lengths=self.lengths, texts=self.texts)

    @cached_property
    def rare_weights(self) -> Floats:
        return rare_weights(self.document_frequency, self.texts)

    @property
    def new_weight(self) -> float:
        """The idf of a word that the reference lacks."""
        return log1p(self.texts) + 1

    @cached_property
    def neighbours(self) -> Neighbours | None:
        """The training texts of the positive class, to measure the novelty of others by."""
        found = self.held_out
        if found is None:
            return None
        return Neighbours(text=found.text, term=found.term, weight=self.rare_weights, new_weight=self.new_weight)

    @property
    def reference(self) -> Reference:
        return Reference(
            counts=self.counts,
            document_frequency=self.document_frequency,
            mean_tfidf=self.mean_tfidf,
            worded_texts=self.worded_texts,
            texts=self.texts,
        )

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Plain arrays of numbers, the same bytes for the same profile."""
        tensors: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        tensors["sizes"] = np.array([self.texts, self.worded_texts], dtype=np.int64)
        for name in _NAMES:
            tensors[name] = _packed(getattr(self, name))
        if self.held_out is not None:
            tensors |= {HELD_OUT_PREFIX + name: tensor for name, tensor in self.held_out.to_tensors().items()}
        return tensors

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> "Profile":
        """The profile that `to_tensors` took apart. Raises KeyError or ValueError for tensors that do not fit."""
        names = {name: _unpacked(tensors[name]) for name in _NAMES}
        if any(len(names[name]) != len(tensors[counts]) for name, counts in _NAMES.items()):
            raise ValueError("The profile holds another number of terms than of counts; export the version again.")
        texts, worded = (int(size) for size in tensors["sizes"])
        return cls(
            texts=texts,
            worded_texts=worded,
            held_out=_held_out(tensors),
            terms=names["terms"],
            patterns=names["patterns"],
            common=names["common"],
            **{name: tensors[name] for name in _ARRAYS},
        )


HELD_OUT_PREFIX = "held_out."


def _held_out(tensors: Mapping[str, NDArray[Any]]) -> HeldOut | None:
    parts = {
        name.removeprefix(HELD_OUT_PREFIX): tensor
        for name, tensor in tensors.items()
        if name.startswith(HELD_OUT_PREFIX)
    }
    return HeldOut.from_tensors(parts) if parts else None


_ARRAYS = (
    "counts",
    "document_frequency",
    "mean_tfidf",
    "null_sizes",
    "null_mean",
    "null_sd",
    "null_quantile",
    "pattern_frequency",
    "holders",
    "lengths",
)
# Names that are kept as text, and the array that has a number for each of them.
_NAMES = {"terms": "counts", "patterns": "pattern_frequency", "common": "holders"}


def _packed(terms: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def _unpacked(blob: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(blob.tobytes().decode().split("\n")) if len(blob) else ()


def build_profile(texts: Sequence[str], *, seed: int, windows: int = 200) -> Profile:
    """The profile of the training texts, without repeats, from `windows` null windows of each size.

    Raises ValueError without texts.
    """
    unique = unique_texts(texts)
    if not unique:
        raise ValueError("A reference profile needs training texts; none were given.")
    terms = tuple(sorted({word for text in unique for word in tokenize(text)}))
    bags, _ = bags_of(unique, {term: place for place, term in enumerate(terms)})
    document_frequency = bags.document_frequency(len(terms))
    mean, worded = mean_tfidf(bags, inverse_frequency(document_frequency, len(unique)))
    common = common_words(unique)
    manner = written(unique, {word: place for place, word in enumerate(common)})
    style, groups = manner.style(), _groups(unique)

    def statistics(rng: "np.random.Generator", size: int) -> Floats:
        chosen = _draw(rng, groups, size)
        return _null_statistics(bags, len(terms), manner, style, chosen)

    sizes = tuple(size for size in SIZES if size * LARGEST_NULL_PART <= len(unique))
    null = null_table(statistics, sizes, np.random.default_rng(seed), windows)
    patterns = _repeated_patterns(unique)
    return Profile(
        terms=terms,
        counts=bags.count(len(terms)),
        document_frequency=document_frequency,
        mean_tfidf=mean,
        texts=len(unique),
        worded_texts=worded,
        null_sizes=np.array(sizes, dtype=np.int64),
        null_mean=null.mean,
        null_sd=null.sd,
        null_quantile=null.quantile,
        patterns=tuple(patterns),
        pattern_frequency=np.array(list(patterns.values()), dtype=np.int64),
        common=common,
        holders=style.holders,
        lengths=style.lengths,
    )


def _groups(texts: Iterable[str]) -> Ints:
    """The number of the near-duplicate group of each text, (texts,)."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(group_key(text), len(seen)) for text in texts], dtype=np.int64)


def _repeated_patterns(texts: Iterable[str]) -> dict[str, int]:
    frequency = Counter(term for text in texts for term in pattern_terms(text))
    return {term: count for term, count in sorted(frequency.items()) if count > 1}


def _draw(rng: "np.random.Generator", groups: Ints, size: int) -> NDArray[np.bool_]:
    """A mask of `size` texts, without replacement.

    Near-duplicates are drawn together, as they share a home in the data: with one of them left in the reference,
    a null window would look calmer than the traffic does.
    """
    order = np.argsort(rng.permutation(int(groups.max()) + 1)[groups], kind="stable")
    chosen = np.zeros(len(groups), dtype=np.bool_)
    chosen[order[:size]] = True
    return chosen


def _null_statistics(bags: Bags, terms: int, manner: Written, style: Style, chosen: NDArray[np.bool_]) -> Floats:
    """The statistics of the chosen texts against all the others."""
    rest = bags.take(~chosen)
    document_frequency = rest.document_frequency(terms)
    mean, worded = mean_tfidf(rest, inverse_frequency(document_frequency, rest.texts))
    reference = Reference(
        counts=rest.count(terms),
        document_frequency=document_frequency,
        mean_tfidf=mean,
        worded_texts=worded,
        texts=rest.texts,
    )
    ours = manner.style(chosen)
    return np.concatenate([raw_statistics(bags.take(chosen), reference), style_statistics(ours, style.minus(ours))])
