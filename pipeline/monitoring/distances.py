"""The raw statistics of words between a window of texts and a reference. Pure: no clock, no files, no model calls."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.tokens import tokenize

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Statistic(StrEnum):
    """The raw statistics, in the order of every array that holds one value for each."""

    OOV_GT = "oov_gt"
    JS_VOCAB = "js_vocab"
    TFIDF_JS = "tfidf_js"
    TFIDF_COS_U = "tfidf_cos_u"
    COMMON_WORDS = "common_words"
    LENGTH = "length"


@dataclass(frozen=True, kw_only=True)
class Bags:
    """Texts as bags of words: text `text[i]` holds term `term[i]` `times[i]` times. Each array is (entries,)."""

    text: Ints
    term: Ints
    times: Ints
    texts: int

    def take(self, chosen: NDArray[np.bool_]) -> "Bags":
        """The bags of the texts that are chosen by the mask (texts,); their numbers stay."""
        kept = chosen[self.text]
        return Bags(text=self.text[kept], term=self.term[kept], times=self.times[kept], texts=int(chosen.sum()))

    def count(self, terms: int) -> Ints:
        """How often each term occurs, (terms,)."""
        return np.bincount(self.term, weights=self.times, minlength=terms).astype(np.int64)

    def document_frequency(self, terms: int) -> Ints:
        """In how many texts each term occurs, (terms,)."""
        return np.bincount(self.term, minlength=terms).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What the statistics need of the reference; the arrays are (terms,), with zeros for terms it does not hold."""

    counts: Ints
    document_frequency: Ints
    mean_tfidf: Floats
    worded_texts: int
    texts: int

    def extended(self, terms: int) -> "Reference":
        """The same reference with room for terms that only the window holds."""
        new = (0, terms - len(self.counts))
        return Reference(
            counts=np.pad(self.counts, new),
            document_frequency=np.pad(self.document_frequency, new),
            mean_tfidf=np.pad(self.mean_tfidf, new),
            worded_texts=self.worded_texts,
            texts=self.texts,
        )


def bags_of(texts: Sequence[str], index: Mapping[str, int]) -> tuple[Bags, int]:
    """The bags of `texts` and the number of terms: those of `index` first, then new ones as they appear."""
    new: dict[str, int] = {}
    where: list[int] = []
    term: list[int] = []
    times: list[int] = []
    for number, text in enumerate(texts):
        for word, count in Counter(tokenize(text)).items():
            known = index.get(word)
            where.append(number)
            term.append(new.setdefault(word, len(index) + len(new)) if known is None else known)
            times.append(count)
    bags = Bags(text=_ints(where), term=_ints(term), times=_ints(times), texts=len(texts))
    return bags, len(index) + len(new)


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def inverse_frequency(document_frequency: Ints, texts: int) -> Floats:
    """Smoothed idf as TfidfVectorizer has it, ln((1 + N) / (1 + df)) + 1; an unseen term gets ln(1 + N) + 1."""
    return np.log((1 + texts) / (1 + document_frequency)) + 1


def mean_tfidf(bags: Bags, idf: Floats) -> tuple[Floats, int]:
    """Mean L2-normalised sublinear TF-IDF (terms,) over the texts that hold a word, and the number of those texts."""
    weights = (1 + np.log(bags.times)) * idf[bags.term]
    squares = np.bincount(bags.text, weights=weights**2)
    worded = int(np.count_nonzero(squares))
    unit = weights / np.sqrt(squares[bags.text])
    return np.bincount(bags.term, weights=unit, minlength=len(idf)) / max(worded, 1), worded


def good_turing(counts: Ints, document_frequency: Ints) -> float:
    """Expected share of unseen words: those of document frequency 1 / all (Good, Biometrika 40 (1953), 237)."""
    total = int(counts.sum())
    return float(counts[document_frequency == 1].sum() / total) if total else 0.0


# The first statistics are of words; those of style.py follow.
WORD_STATISTICS = 4


def raw_statistics(window: Bags, reference: Reference) -> Floats:
    """The statistics of words (4,), in the order of `Statistic`. A window without any word is as far as can be."""
    counts = window.count(len(reference.counts))
    if not counts.any():
        return np.ones(WORD_STATISTICS)
    idf = inverse_frequency(reference.document_frequency, reference.texts)
    mean, worded = mean_tfidf(window, idf)
    return np.array(
        [
            unseen_share(counts, reference),
            jensen_shannon(counts, reference.counts),
            jensen_shannon(mean, reference.mean_tfidf),
            unbiased_cosine(mean, worded, reference.mean_tfidf, reference.worded_texts),
        ]
    )


def unseen_share(counts: Ints, reference: Reference) -> float:
    """Share of words that the reference lacks, less the share that Good and Turing expect, scaled to end at 1."""
    expected = good_turing(reference.counts, reference.document_frequency)
    unseen = counts[reference.document_frequency == 0].sum() / counts.sum()
    return float((unseen - expected) / (1 - expected)) if expected < 1 else 0.0


def jensen_shannon(window: Ints | Floats, reference: Ints | Floats) -> float:
    """Square root of the Jensen-Shannon divergence, base 2, of two weight vectors; in [0, 1].

    Endres and Schindelin, IEEE Transactions on Information Theory 49 (2003), 1858.
    """
    if not reference.any():
        return 1.0
    held = np.flatnonzero(window)
    q, p = window[held] / window.sum(), reference[held] / reference.sum()
    middle = (p + q) / 2
    shared = p > 0
    # Terms that the window lacks need no logarithm: each adds half of its share.
    divergence = (1 - p.sum()) / 2 + (q * np.log2(q / middle)).sum() / 2
    divergence += (p[shared] * np.log2(p[shared] / middle[shared])).sum() / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def unbiased_cosine(window: Floats, window_texts: int, reference: Floats, reference_texts: int) -> float:
    """One minus the similarity between the sets over that within them; a text is not compared with itself.

    Where the texts of one set share no word among themselves, the ratio has no meaning: 1 when the sets share none
    either, else 0.
    """
    across = float(window @ reference)
    within = _self_similarity(window, window_texts) * _self_similarity(reference, reference_texts)
    if within <= 1e-12:
        return float(across == 0)
    return 1 - across / float(np.sqrt(within))


def _self_similarity(mean: Floats, texts: int) -> float:
    if texts < 2:
        return 0.0
    return (float(mean @ mean) * texts**2 - texts) / (texts * (texts - 1))
