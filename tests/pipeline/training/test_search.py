import numpy as np
import pytest

from pipeline.data.homes import group_key
from pipeline.records import Row
from pipeline.spec import Candidate, SearchRules, TextBlock
from pipeline.training.backends import LocalProcesses
from pipeline.training.estimators import best_threshold
from pipeline.training.fitting import evaluate_on, fit
from pipeline.training.search import combinations, grouped_folds, search

WORDS = TextBlock(analyzer="word", ngram_range=(1, 1))
BAYES = Candidate(estimator="naive_bayes", features=WORDS, grid={"alpha": (0.1, 1.0)})
SVM = Candidate(estimator="linear_svm", features=WORDS, grid={"C": (1.0,), "class_weight": (None, "balanced")})
RULES = SearchRules(folds=3, repeats=2)


def rows() -> list[Row]:
    """60 spam and 120 ham messages; every fifth spam comes twice with other digits."""
    spam = [
        Row(f"win prize {'cash' if i % 2 else 'holiday'} word{chr(97 + i % 26)} call {i // 5 * 5}", 1)
        for i in range(60)
    ]
    ham = [Row(f"see you at {'home' if i % 3 else 'work'} word{chr(97 + i % 26)} around {i}", 0) for i in range(120)]
    return spam + ham


def test_every_combination_of_a_grid_is_tried_once():
    assert list(combinations(SVM)) == [{"C": 1.0, "class_weight": None}, {"C": 1.0, "class_weight": "balanced"}]


def test_near_duplicates_never_stand_on_both_sides_of_a_fold():
    data = rows()
    labels = np.array([row.label for row in data])
    folds = list(grouped_folds(data, labels, RULES))
    assert len(folds) == 6
    for train, test in folds:
        assert not {group_key(data[i].input) for i in train} & {group_key(data[i].input) for i in test}
    assert sorted(np.concatenate([test for _, test in folds[:3]])) == list(range(len(data)))


def test_a_search_is_repeatable_and_its_winner_separates_what_is_separable():
    seen = []
    first = search(rows(), (BAYES, SVM), RULES, LocalProcesses(1), lambda done, total, what: seen.append((done, total)))
    second = search(rows(), (BAYES, SVM), RULES, LocalProcesses(2), lambda done, total, what: None)
    assert seen[-1] == (6, 6)
    assert [(t.candidate.name, t.parameters) for t in first] == [(t.candidate.name, t.parameters) for t in second]
    assert all(np.array_equal(a.decisions, b.decisions) for a, b in zip(first, second, strict=True))
    assert first[0].mean("f1") == 1.0
    metrics, _ = evaluate_on(fit(first[0], rows(), seed=7), [Row("win cash prize", 1), Row("see you at home", 0)])
    assert metrics.accuracy == 1.0


@pytest.mark.parametrize(
    ("labels", "scores", "threshold"),
    [([0, 0, 1, 1], [0.1, 0.3, 0.7, 0.9], 0.5), ([1, 1], [0.4, 0.6], 0.2), ([0, 1, 1, 1], [0.5, 0.5, 0.5, 0.5], 0.25)],
)
def test_the_threshold_lies_midway_where_f1_is_best(labels, scores, threshold):
    assert best_threshold(np.array(labels), np.array(scores)) == pytest.approx(threshold)
