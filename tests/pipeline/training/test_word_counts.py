"""Counting once is exact: the same vocabulary, counts and weights as scikit-learn's vectorisers, fold by fold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from pipeline.spec import TextBlock
from pipeline.training.nb_weighted import NaiveBayesWeighted
from pipeline.training.word_counts import count_words, token_pattern
from pipeline.training.word_tfidf import WordTfidf

TEXTS = [
    "a wonderful film, 8/10: the plot is wonderful and I don't mind the length",
    "the plot is dull and the film is 3/10 at best",
    "don't watch the film: the plot is dull",
    "wonderful, wonderful, wonderful",
    "",
    "I don't know, the film is the film",
]


def block(longest: int = 3, min_df: int = 1, one_letter: bool = True, most: int | None = None) -> TextBlock:
    return TextBlock(
        analyzer="word",
        ngram_range=(1, longest),
        min_df=min_df,
        max_features=most,
        one_letter_words=one_letter,
        count_once=True,
    )


@pytest.mark.parametrize("one_letter", [True, False])
@pytest.mark.parametrize("longest", [1, 2, 3])
@pytest.mark.parametrize("min_df", [1, 2])
def test_counts_are_those_of_scikit_learn(longest, min_df, one_letter):
    chosen = block(longest, min_df, one_letter)
    theirs = CountVectorizer(ngram_range=(1, longest), min_df=min_df, token_pattern=token_pattern(chosen))
    expected = theirs.fit_transform(TEXTS)
    found = count_words(TEXTS, chosen)
    assert list(found.terms) == list(theirs.get_feature_names_out())
    assert (found.counts != expected).nnz == 0


@given(st.lists(st.text(alphabet="ab é1'. ", max_size=30), min_size=2, max_size=6))
@settings(max_examples=60)
def test_counts_are_those_of_scikit_learn_for_any_texts(texts):
    chosen = block()
    theirs = CountVectorizer(ngram_range=(1, 3), token_pattern=token_pattern(chosen))
    try:
        expected = theirs.fit_transform(texts)
    except ValueError:
        with pytest.raises(ValueError, match="no words"):
            count_words(texts, chosen)
        return
    found = count_words(texts, chosen)
    assert list(found.terms) == list(theirs.get_feature_names_out())
    assert (found.counts != expected).nnz == 0


@pytest.mark.parametrize("min_df", [1, 2])
def test_a_fold_sees_only_its_own_rows(min_df):
    chosen = block(min_df=min_df)
    counts = count_words(TEXTS, chosen)
    train, test = np.array([0, 1, 3]), np.array([2, 4, 5])
    ours = WordTfidf(chosen)
    columns, seen = ours.fit_counts(counts, train)
    unseen = ours.transform_counts(counts, test, columns)
    theirs = TfidfVectorizer(ngram_range=(1, 3), min_df=min_df, sublinear_tf=True, token_pattern=token_pattern(chosen))
    expected = theirs.fit_transform([TEXTS[i] for i in train])
    assert list(counts.terms[columns]) == list(theirs.get_feature_names_out())
    assert abs(seen - expected).max() < 1e-15
    assert abs(unseen - theirs.transform([TEXTS[i] for i in test])).max() < 1e-15


def test_the_naive_bayes_weights_are_folded_into_the_coefficients():
    features = WordTfidf(block()).fit_transform(TEXTS)
    labels = np.array([1, 0, 0, 1, 0, 1])
    model = NaiveBayesWeighted(C=1.0).fit(features, labels)
    assert model.decision_function(features) == pytest.approx(features @ model.coef_[0] + model.intercept_[0])
    assert (model.decision_function(features)[[0, 3]] > 0).all()
