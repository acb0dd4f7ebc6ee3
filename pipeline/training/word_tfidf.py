"""TF-IDF over word counts that were made once: a vectoriser for long texts, equal to scikit-learn's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from pipeline.spec import TextBlock
from pipeline.training.word_counts import Ints, WordCounts, count_words, token_pattern


class WordTfidf(BaseEstimator):  # type: ignore[misc]
    """Fits on texts, or on the rows of counts that are there already; `transform` is scikit-learn's own path."""

    def __init__(self, block: TextBlock):
        self.block = block

    def fit_transform(self, texts: Sequence[str], labels: Any = None) -> Any:
        counts = count_words(texts, self.block)
        columns, features = self.fit_counts(counts, np.arange(len(texts)))
        self._terms = counts.terms[columns]
        self._vectoriser = CountVectorizer(
            ngram_range=self.block.ngram_range, vocabulary=list(self._terms), token_pattern=token_pattern(self.block)
        )
        return features

    def fit_counts(self, counts: WordCounts, rows: Ints) -> tuple[Ints, Any]:
        """The vocabulary, as columns of the counts, and the features of these rows."""
        columns = counts.subset(rows, self.block)
        self._tfidf = TfidfTransformer(sublinear_tf=self.block.sublinear_tf)
        return columns, self._tfidf.fit_transform(counts.counts[rows][:, columns])

    def transform_counts(self, counts: WordCounts, rows: Ints, columns: Ints) -> Any:
        return self._tfidf.transform(counts.counts[rows][:, columns])

    def transform(self, texts: Sequence[str]) -> Any:
        return self._tfidf.transform(self._vectoriser.transform(texts))

    def get_feature_names_out(self) -> Any:
        return self._terms

    @property
    def idf_(self) -> Any:
        return self._tfidf.idf_
