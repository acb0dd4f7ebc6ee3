"""scikit-learn's part of a model: features, one fitted candidate, calibration; and its compiled form that is served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from pipeline.gate.evaluation import Labels, Scores
from pipeline.records import RowInput
from pipeline.served.nearest import Nearest
from pipeline.served.numeric_forms import Form, Linear, NumericModel, Trees
from pipeline.served.protocols import ServedModel
from pipeline.served.text_features import FUNCTIONS
from pipeline.served.text_linear import TextLinearModel
from pipeline.served.text_numbers import TextNumbersModel
from pipeline.spec import Block, Candidate, NumericBlock, TextBlock, TextNumbers
from pipeline.training.nb_weighted import NaiveBayesWeighted
from pipeline.training.nearest import NearestNeighbours
from pipeline.training.word_counts import token_pattern
from pipeline.training.word_tfidf import WordTfidf

Parameters: TypeAlias = Mapping[str, Any]
# A sparse (n, terms) matrix for text, a dense (n, features) array for numbers; scikit-learn takes both.
Features: TypeAlias = Any


def featuriser(block: Block) -> BaseEstimator:
    """The unfitted transformer from inputs to features. Raises ValueError for a block that has none."""
    if isinstance(block, NumericBlock | TextNumbers):
        return StandardScaler() if block.scale else FunctionTransformer()
    if not isinstance(block, TextBlock):
        raise ValueError("A transformer has no features of its own; it is fine-tuned.")
    if block.count_once:
        return WordTfidf(block)
    return TfidfVectorizer(
        analyzer=block.analyzer,
        ngram_range=block.ngram_range,
        max_features=block.max_features,
        min_df=block.min_df,
        sublinear_tf=block.sublinear_tf,
        token_pattern=token_pattern(block),
    )


def as_features(block: Block, inputs: Sequence[RowInput]) -> Features:
    """What a featuriser takes: the texts as they are, numbers as an array (n, features)."""
    if isinstance(block, TextNumbers):
        return np.array([FUNCTIONS[block.function].count(str(text)) for text in inputs], dtype=np.float64)
    return np.array(inputs, dtype=np.float64) if isinstance(block, NumericBlock) else list(inputs)


def fit_estimator(
    candidate: Candidate,
    parameters: Parameters,
    features: Features,
    labels: Labels,
    seed: int,
    weights: Scores | None = None,
) -> BaseEstimator:
    """Fit one candidate with one combination of its grid on features of n rows, labels (n,) and their weights (n,)."""
    weighted = {} if weights is None else {"sample_weight": weights}
    return _estimator(candidate.estimator, parameters, seed).fit(features, labels, **weighted)


def _estimator(name: str, parameters: Parameters, seed: int) -> BaseEstimator:
    match name:
        case "naive_bayes":
            return MultinomialNB(**parameters)
        case "logistic_regression":
            return LogisticRegression(solver="liblinear", random_state=seed, **parameters)
        case "linear_svm":
            return LinearSVC(random_state=seed, **parameters)
        case "nb_svm":
            return NaiveBayesWeighted(random_state=seed, **parameters)
        case "nearest_neighbours":
            return NearestNeighbours(**parameters)
        case "random_forest":
            return RandomForestClassifier(random_state=seed, **parameters)
    raise ValueError(f"Unknown estimator {name!r} in a candidate.")


def decision_values(estimator: BaseEstimator, features: Features) -> Scores:
    """The uncalibrated decision value of each row: above 0 speaks for the positive class."""
    if isinstance(estimator, MultinomialNB):
        joint = estimator.predict_joint_log_proba(features)
        return np.asarray(joint[:, 1] - joint[:, 0], dtype=np.float64)
    if isinstance(estimator, RandomForestClassifier):
        return np.asarray(estimator.predict_proba(features)[:, 1] - 0.5, dtype=np.float64)
    return np.asarray(estimator.decision_function(features), dtype=np.float64)


def fit_calibration(decisions: Scores, labels: Labels) -> LogisticRegression:
    """Platt's sigmoid from held-out decision values to P(positive): Platt (1999), with no penalty worth the name."""
    return LogisticRegression(C=1e6, solver="newton-cholesky").fit(decisions.reshape(-1, 1), labels)


def calibrated(calibration: LogisticRegression, decisions: Scores) -> Scores:
    return np.asarray(calibration.predict_proba(decisions.reshape(-1, 1))[:, 1], dtype=np.float64)


def best_threshold(labels: Labels, scores: Scores) -> float:
    """The threshold on P(positive) with the best F1, midway between two scores, where it is safest."""
    order = np.argsort(-scores, kind="stable")
    sorted_scores, hits = scores[order], np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(labels) + 1) + labels.sum())
    # A cut between two equal scores cannot be made.
    f1[:-1][sorted_scores[:-1] == sorted_scores[1:]] = -1.0
    best = int(np.argmax(f1))
    below = sorted_scores[best + 1] if best + 1 < len(scores) else 0.0
    return float((sorted_scores[best] + below) / 2)


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A fitted candidate as scikit-learn objects: the yardstick that the served form is held to."""

    featuriser: BaseEstimator
    estimator: BaseEstimator
    calibration: LogisticRegression
    threshold: float
    block: TextBlock | NumericBlock | TextNumbers
    feature_names: tuple[str, ...] = ()

    def scores(self, inputs: Sequence[RowInput]) -> Scores:
        """P(positive) of each input."""
        features = self.featuriser.transform(as_features(self.block, inputs))
        return calibrated(self.calibration, decision_values(self.estimator, features))

    def compiled(self) -> ServedModel:
        """The form that is served. Raises ValueError for an estimator that has none."""
        slope, offset = float(self.calibration.coef_[0, 0]), float(self.calibration.intercept_[0])
        if isinstance(self.block, TextBlock):
            return self._text(self.block, slope, offset)
        names = self.feature_names
        if isinstance(self.block, TextNumbers):
            names = FUNCTIONS[self.block.function].names
        numbers = NumericModel(
            features=names, form=self._numeric_form(), slope=slope, offset=offset, threshold=self.threshold
        )
        if isinstance(self.block, TextNumbers):
            return TextNumbersModel(function=self.block.function, numbers=numbers)
        return numbers

    def _text(self, block: TextBlock, slope: float, offset: float) -> TextLinearModel:
        weights, intercept = linear_form(self.estimator)
        return TextLinearModel(
            analyzer=block.analyzer,
            ngram_range=block.ngram_range,
            sublinear_tf=block.sublinear_tf,
            terms=tuple(self.featuriser.get_feature_names_out()),
            idf=self.featuriser.idf_,
            weights=weights,
            intercept=intercept,
            slope=slope,
            offset=offset,
            threshold=self.threshold,
            one_letter_words=block.one_letter_words,
        )

    def _numeric_form(self) -> Form:
        if isinstance(self.estimator, RandomForestClassifier):
            return forest_form(self.estimator)
        if isinstance(self.estimator, NearestNeighbours):
            return nearest_form(self.estimator, *self._scaling(self.estimator.points_.shape[1]))
        weights, intercept = linear_form(self.estimator)
        mean, scale = self._scaling(len(weights))
        return Linear(mean=mean, scale=scale, weights=weights, intercept=intercept)

    def _scaling(self, width: int) -> tuple[Scores, Scores]:
        if isinstance(self.featuriser, StandardScaler):
            return self.featuriser.mean_, self.featuriser.scale_
        return np.zeros(width), np.ones(width)


def nearest_form(estimator: NearestNeighbours, mean: Scores, scale: Scores) -> Nearest:
    """The points of a nearest neighbours model and what each of them votes."""
    return Nearest(
        mean=mean,
        scale=scale,
        points=estimator.points_,
        votes=estimator.votes_,
        k=estimator.n_neighbors,
        p=estimator.p,
        weights=estimator.weights,
    )


def linear_form(estimator: BaseEstimator) -> tuple[Scores, float]:
    """Weights (features,) and intercept of the decision value; for naive Bayes the log odds of its likelihoods."""
    if isinstance(estimator, MultinomialNB):
        negative, positive = estimator.feature_log_prob_
        return positive - negative, float(estimator.class_log_prior_[1] - estimator.class_log_prior_[0])
    return estimator.coef_[0].astype(np.float64), float(estimator.intercept_[0])


def forest_form(forest: RandomForestClassifier) -> Trees:
    """All trees of a forest in one set of arrays; each node's value is its share of the positive class."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])

    def joined(parts: list[Any]) -> Any:
        return np.concatenate(parts)

    def shifted(children: Any, start: int) -> Any:
        return np.where(children >= 0, children + start, -1)

    positive = joined([tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1) for tree in trees])
    return Trees(
        roots=starts[:-1].astype(np.int64),
        feature=joined([tree.feature for tree in trees]).astype(np.int64),
        cut=joined([tree.threshold for tree in trees]).astype(np.float64),
        left=joined([shifted(t.children_left, s) for t, s in zip(trees, starts, strict=False)]).astype(np.int64),
        right=joined([shifted(t.children_right, s) for t, s in zip(trees, starts, strict=False)]).astype(np.int64),
        value=positive.astype(np.float64),
    )
