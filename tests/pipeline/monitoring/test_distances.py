import numpy as np
import pytest

from pipeline.monitoring.distances import (
    Reference,
    bags_of,
    good_turing,
    inverse_frequency,
    jensen_shannon,
    mean_tfidf,
    raw_statistics,
    unbiased_cosine,
)


def reference_of(texts: list[str]) -> tuple[Reference, dict[str, int]]:
    index: dict[str, int] = {}
    for text in texts:
        for word in text.split():
            index.setdefault(word, len(index))
    bags, terms = bags_of(texts, index)
    frequency = bags.document_frequency(terms)
    mean, worded = mean_tfidf(bags, inverse_frequency(frequency, len(texts)))
    return Reference(
        counts=bags.count(terms),
        document_frequency=frequency,
        mean_tfidf=mean,
        worded_texts=worded,
        texts=len(texts),
    ), index


def statistics(window: list[str], texts: list[str]) -> np.ndarray:
    reference, index = reference_of(texts)
    bags, terms = bags_of(window, index)
    return raw_statistics(bags, reference.extended(terms))


def test_jensen_shannon_is_zero_for_equal_and_one_for_disjoint_weights():
    assert jensen_shannon(np.array([2, 4, 0]), np.array([1, 2, 0])) == pytest.approx(0, abs=1e-7)
    assert jensen_shannon(np.array([2, 0]), np.array([0, 3])) == pytest.approx(1)


def test_jensen_shannon_agrees_with_the_definition():
    p, q = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.1, 0.0, 0.6, 0.3])
    middle = (p + q) / 2
    entropy = [-(x[x > 0] * np.log2(x[x > 0])).sum() for x in (middle, p, q)]
    assert jensen_shannon(p, q) == pytest.approx(np.sqrt(entropy[0] - (entropy[1] + entropy[2]) / 2))
    assert jensen_shannon(q, p) == pytest.approx(jensen_shannon(p, q))


def test_good_turing_is_the_share_of_words_in_terms_of_one_text():
    assert good_turing(np.array([3, 1, 2, 4]), np.array([1, 1, 2, 3])) == pytest.approx(4 / 10)


def test_mean_tfidf_agrees_with_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["one two two", "two three", "one one one four", "five two"]
    reference, index = reference_of(texts)
    vectoriser = TfidfVectorizer(sublinear_tf=True)
    expected = vectoriser.fit_transform(texts).toarray().mean(axis=0)
    mine = {term: reference.mean_tfidf[place] for term, place in index.items()}
    theirs = dict(zip(vectoriser.get_feature_names_out(), expected, strict=True))
    assert mine == pytest.approx(theirs)


def test_tfidf_sees_words_that_the_reference_does_not_hold():
    # Restricted to the reference's vocabulary the two windows would be the same.
    texts = [f"alpha beta gamma word{i}" for i in range(20)]
    known = statistics(["alpha beta gamma"] * 5, texts)
    unknown = statistics(["alpha beta gamma brand new words here"] * 5, texts)
    assert unknown[2] > known[2] + 0.2
    assert unknown[3] > known[3] + 0.05


def test_the_unbiased_cosine_of_two_halves_of_one_kind_is_about_zero():
    rng = np.random.default_rng(3)
    texts = [" ".join(f"w{k}w" for k in rng.integers(0, 40, size=8)) for _ in range(600)]
    assert abs(statistics(texts[:100], texts[100:])[3]) < 0.02


def test_the_cosine_of_texts_that_share_nothing_among_themselves_is_settled():
    reference, _ = reference_of(["one two", "one three"])
    alone = np.array([0.0, 0.0, 0.0])
    assert unbiased_cosine(alone, 1, reference.mean_tfidf, 2) == 1
    assert unbiased_cosine(reference.mean_tfidf, 1, reference.mean_tfidf, 2) == 0


def test_a_window_without_a_word_is_as_far_as_can_be():
    assert statistics(["!!", "😀"], ["one two", "one three"]).tolist() == [1, 1, 1, 1]


def test_only_unseen_words_give_the_largest_distances():
    far = statistics(["eins zwei", "eins drei"], ["one two", "one three", "one two three"])
    assert far == pytest.approx([1, 1, 1, 1])
