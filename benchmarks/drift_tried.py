"""What else was tried for the drift scores, and what came of it: run it as `python -m benchmarks.drift_tried`.

Every combination of statistics gets the same share of false alarms, so that what they find can be compared. Writes
results/drift_tried.json, and the page about monitoring.
"""

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks import drift_docs
from benchmarks.corpora import REFERENCE_TEXTS, movie_texts, sms_rows, sms_split
from benchmarks.tried_labels import posteriors, risks
from benchmarks.tried_signs import signs
from pipeline.monitoring.distances import (
    Floats,
    Ints,
    Reference,
    bags_of,
    inverse_frequency,
    mean_tfidf,
    raw_statistics,
)
from pipeline.monitoring.style import LONGEST, common_words, length_distance, written
from pipeline.monitoring.tokens import tokenize

RESULTS = drift_docs.OTHERS["tried"]
SIZES, SHARE = (100, 200), 0.25
NULL_WINDOWS, WINDOWS, FALSE_ALARMS = 150, 60, 0.02
FOREIGN = 3_000
OLD = ("oov_gt", "js_vocab", "tfidf_js", "tfidf_cos_u")
NAMES = (*OLD, "common 5", "common 10", "common 20", "common all", "letters 20", "letters all", "length")
COMBINED: Mapping[str, tuple[str, ...]] = {
    "the four of words": OLD,
    "and 5 common words": (*OLD, "common 5"),
    "and 10 common words": (*OLD, "common 10"),
    "and 20 common words": (*OLD, "common 20"),
    "and length": (*OLD, "length"),
    "and 20 groups of three letters, 10 common words": (*OLD, "common 10", "letters 20"),
    "**and 10 common words, length** (kept)": (*OLD, "common 10", "length"),
    "and 5 common words, length": (*OLD, "common 5", "length"),
    "and all of these three": (*OLD, "common 10", "letters 20", "length"),
}


class Texts:
    """A reference, calm and foreign texts, read once; statistics are of two sets of their numbers."""

    def __init__(self, texts: Sequence[str], foreign: Sequence[str], seed: int):
        rng = random.Random(seed)
        chosen = rng.sample(list(texts), min(len(texts), 3 * REFERENCE_TEXTS))
        self.all = chosen + rng.sample(list(foreign), min(len(foreign), FOREIGN))
        self.reference = np.arange(REFERENCE_TEXTS)
        self.calm = np.arange(REFERENCE_TEXTS, len(chosen))
        self.foreign = np.arange(len(chosen), len(self.all))
        known = chosen[:REFERENCE_TEXTS]
        index = {term: place for place, term in enumerate(sorted({word for text in known for word in tokenize(text)}))}
        self.bags, self.terms = bags_of(self.all, index)
        common = common_words(known)
        self.written = written(self.all, {word: place for place, word in enumerate(common)})
        letters = CountVectorizer(analyzer="char_wb", ngram_range=(3, 3), binary=True, max_features=300).fit(known)
        self.letters = letters.transform(self.all).toarray().astype(np.bool_)

    def statistics(self, window: Ints, rest: Ints, reference: Reference) -> Floats:
        ours, theirs = self._mask(window), self._mask(rest)
        words = raw_statistics(self.bags.take(ours), reference)
        common = _squares(self.written.holds[window], self.written.holds[rest])
        letters = _squares(self.letters[window], self.letters[rest])
        length = length_distance(self.written.style(ours), self.written.style(theirs))
        added = [np.sqrt(common[-many:].sum()) for many in (5, 10, 20, LONGEST)]
        added += [np.sqrt(letters[-many:].sum()) for many in (20, LONGEST)]
        return np.array([*words, *added, length])

    def reference_of(self, places: Ints) -> Reference:
        bags = self.bags.take(self._mask(places))
        frequency = bags.document_frequency(self.terms)
        mean, worded = mean_tfidf(bags, inverse_frequency(frequency, bags.texts))
        return Reference(
            counts=bags.count(self.terms),
            document_frequency=frequency,
            mean_tfidf=mean,
            worded_texts=worded,
            texts=bags.texts,
        )

    def _mask(self, places: Ints) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.all), dtype=np.bool_)
        mask[places] = True
        return mask


def _squares(window: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Floats:
    """The squared differences of the shares, each in its standard errors, the largest last."""
    n, m = len(window), len(reference)
    pooled = (window.sum(axis=0) + reference.sum(axis=0)) / (n + m)
    error = np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n + 1 / m)
    return np.sort((window.mean(axis=0) - reference.mean(axis=0)) ** 2 / error)


def distances(texts: Texts, size: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """z in windows of the null, in calm ones, and in ones with SHARE foreign texts, each (windows, statistics)."""
    rng, whole = np.random.default_rng(seed), texts.reference_of(texts.reference)
    null = []
    for _ in range(NULL_WINDOWS):
        order = rng.permutation(REFERENCE_TEXTS)
        null.append(texts.statistics(order[:size], order[size:], texts.reference_of(order[size:])))
    mean, sd = np.mean(null, axis=0), np.std(null, axis=0, ddof=1)
    new = round(size * SHARE)
    calm, mixed = [], []
    for _ in range(WINDOWS):
        window = rng.choice(texts.calm, size, replace=False)
        calm.append(texts.statistics(window, texts.reference, whole))
        window = np.concatenate([window[new:], rng.choice(texts.foreign, new, replace=False)])
        mixed.append(texts.statistics(window, texts.reference, whole))
    return tuple((np.array(part) - mean) / sd for part in (null, calm, mixed))  # type: ignore[return-value]


def measure(splits: int) -> dict[str, Any]:
    """The share of windows found by each statistic alone, at 1% of false alarms, and by each combination, at 2%."""
    movies, messages = movie_texts(), [row.input for row in sms_rows()]
    imdb, tomatoes = movies["imdb"], movies["rotten_tomatoes"]
    sources = {"IMDB in RT": (tomatoes, imdb), "RT in IMDB": (imdb, tomatoes), "RT in messages": (messages, tomatoes)}
    found = {
        source: {size: [distances(Texts(*of, seed), size, seed) for seed in range(splits)] for size in SIZES}
        for source, of in sources.items()
    }
    return {
        "splits": splits,
        "sources": list(sources),
        "sizes": list(SIZES),
        "combined": [
            {"statistics": name, "found": {source: _found(of, columns, FALSE_ALARMS) for source, of in found.items()}}
            for name, columns in COMBINED.items()
        ],
        "alone": [
            {"statistic": name, "found": {source: _found(of, (name,), 0.01) for source, of in found.items()}}
            for name in NAMES
        ],
    }


def _found(by_size: Mapping[int, Sequence[tuple[Floats, Floats, Floats]]], names: Sequence[str], alarms: float) -> dict:
    columns = [NAMES.index(name) for name in names]
    calm: list[float] = []
    shares: dict[str, Any] = {}
    for size, of in by_size.items():
        lines = [np.quantile(null[:, columns].max(axis=1), 1 - alarms) for null, _, _ in of]
        calm += [(z[:, columns].max(axis=1) > line).mean() for (_, z, _), line in zip(of, lines, strict=True)]
        hits = [(z[:, columns].max(axis=1) > line).mean() for (_, _, z), line in zip(of, lines, strict=True)]
        shares[str(size)] = round(float(np.mean(hits)), 4)
    return shares | {"calm": round(float(np.mean(calm)), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=3)
    options = parser.parse_args()
    began = process_time()
    body = measure(options.splits)
    messages, reviews = sms_rows(), movie_texts()["rotten_tomatoes"]
    splits = [sms_split(messages, reviews, seed) for seed in range(2 * options.splits)]
    body |= {"signs": signs(splits), "posteriors": posteriors(splits), "risks": risks(splits, messages)}
    body["cpu_seconds"] = round(process_time() - began)
    RESULTS.write_text(json.dumps(body, indent=1) + "\n")
    drift_docs.write(json.loads(drift_docs.RESULTS.read_text()))


if __name__ == "__main__":
    main()
