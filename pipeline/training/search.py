"""The candidate search: every combination on the same grouped folds, each vectoriser fitted once a fold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.data.homes import group_key
from pipeline.gate.evaluation import Labels, Metrics, Scores, evaluate
from pipeline.records import Row, RowInput
from pipeline.spec import Block, Candidate, SearchRules, TextBlock
from pipeline.training.backends import Backend
from pipeline.training.estimators import (
    as_features,
    best_threshold,
    calibrated,
    decision_values,
    featuriser,
    fit_calibration,
    fit_estimator,
)
from pipeline.training.word_counts import WordCounts, count_words
from pipeline.training.word_tfidf import WordTfidf

Progress = Callable[[int, int, str], None]
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One combination of one candidate. `decisions`, (repeats, n): every row's held-out decision values."""

    candidate: Candidate
    parameters: dict[str, Any]
    decisions: NDArray[np.float64]
    fold_metrics: tuple[Metrics, ...]

    def mean(self, metric: str) -> float:
        """The mean of a metric over all folds of all repeats."""
        return float(np.mean([getattr(fold, metric) for fold in self.fold_metrics]))


def search(
    rows: Sequence[Row],
    candidates: Sequence[Candidate],
    rules: SearchRules,
    backend: Backend,
    progress: Progress,
    weights: Scores | None = None,
) -> list[Trial]:
    """Every trial, best mean of the primary metric first; on a tie, the better log loss. `weights` count in the fits
    (n,), not in the metrics.
    """
    labels = np.array([row.label for row in rows])
    folds = list(grouped_folds(rows, labels, rules))
    bench = _Bench(inputs=[row.input for row in rows], labels=labels, weights=weights, seed=rules.seed)
    counts = {block: _counted(block, rows, progress) for block in _blocks(candidates)}
    lean = replace(bench, inputs=())  # for folds that take counts: the inputs need not be sent to another process
    over = {block: [candidate for candidate in candidates if candidate.features == block] for block in counts}
    tasks = [
        (lean if counts[block] else bench, fold, index, block, over[block], counts[block])
        for index, fold in enumerate(folds)
        for block in counts
    ]
    found: dict[tuple[int, str], Scores] = {}
    for done, (fold, decisions) in enumerate(backend.each(_fold_decisions, tasks), 1):
        found |= {(fold, key): values for key, values in decisions.items()}
        progress(done, len(tasks), "folds of the candidate search")
    trials = [_trial(c, p, labels, folds, found, rules) for c in candidates for p in combinations(c)]
    return sorted(trials, key=lambda trial: (-trial.mean(rules.primary_metric), trial.mean("log_loss")))


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """What every fold of a search needs."""

    inputs: Sequence[RowInput]
    labels: Labels
    weights: Scores | None
    seed: int


def _counted(block: Block, rows: Sequence[Row], progress: Progress) -> WordCounts | None:
    if not isinstance(block, TextBlock) or not block.count_once:
        return None
    progress(0, 1, "counting words")
    return replace(count_words([str(row.input) for row in rows], block), words=())


def combinations(candidate: Candidate) -> Iterator[dict[str, Any]]:
    """Every combination of a candidate's grid."""
    names = list(candidate.grid)
    for values in product(*candidate.grid.values()):
        yield dict(zip(names, values, strict=True))


def grouped_folds(rows: Sequence[Row], labels: Labels, rules: SearchRules) -> Iterator[Fold]:
    """(train, test) row indices of `repeats` x `folds` stratified folds in which near-duplicates stay together."""
    groups = [group_key(row.input) for row in rows]
    for repeat in range(rules.repeats):
        splitter = StratifiedGroupKFold(rules.folds, shuffle=True, random_state=rules.seed + repeat)
        yield from splitter.split(labels, labels, groups)


def _blocks(candidates: Sequence[Candidate]) -> list[Block]:
    return list(dict.fromkeys(candidate.features for candidate in candidates))


def _fold_decisions(
    bench: _Bench, fold: Fold, index: int, block: Block, candidates: Sequence[Candidate], counts: WordCounts | None
) -> tuple[int, dict[str, Scores]]:
    """Held-out decision values of one fold for every combination of the candidates over one block."""
    train, _ = fold
    seen, unseen = _features(bench.inputs, fold, block) if counts is None else _from_counts(counts, fold, block)
    weights = None if bench.weights is None else bench.weights[train]
    return index, {
        _key(candidate, parameters): decision_values(
            fit_estimator(candidate, parameters, seen, bench.labels[train], bench.seed, weights), unseen
        )
        for candidate in candidates
        for parameters in combinations(candidate)
    }


def _features(inputs: Sequence[RowInput], fold: Fold, block: Block) -> tuple[Any, Any]:
    train, test = fold
    transform = featuriser(block)
    seen = transform.fit_transform(as_features(block, [inputs[i] for i in train]))
    return seen, transform.transform(as_features(block, [inputs[i] for i in test]))


def _from_counts(counts: WordCounts, fold: Fold, block: Block) -> tuple[Any, Any]:
    assert isinstance(block, TextBlock)
    train, test = fold
    transform = WordTfidf(block)
    columns, seen = transform.fit_counts(counts, train)
    return seen, transform.transform_counts(counts, test, columns)


def _key(candidate: Candidate, parameters: dict[str, Any]) -> str:
    return f"{candidate.name} {parameters}"


def _trial(
    candidate: Candidate,
    parameters: dict[str, Any],
    labels: Labels,
    folds: Sequence[Fold],
    found: dict[tuple[int, str], Scores],
    rules: SearchRules,
) -> Trial:
    decisions = np.empty((rules.repeats, len(labels)))
    for index, (_, test) in enumerate(folds):
        decisions[index // rules.folds, test] = found[index, _key(candidate, parameters)]
    metrics = tuple(
        _fold_metrics(labels, decisions[index // rules.folds], test) for index, (_, test) in enumerate(folds)
    )
    return Trial(candidate=candidate, parameters=parameters, decisions=decisions, fold_metrics=metrics)


def _fold_metrics(labels: Labels, decisions: Scores, test: NDArray[np.int64]) -> Metrics:
    """Metrics of one fold, with calibration and threshold taken from the other folds, so that neither has seen it."""
    others = np.setdiff1d(np.arange(len(labels)), test)
    calibration = fit_calibration(decisions[others], labels[others])
    threshold = best_threshold(labels[others], calibrated(calibration, decisions[others]))
    scores = calibrated(calibration, decisions[test])
    return evaluate(labels[test], (scores >= threshold).astype(int), scores)
