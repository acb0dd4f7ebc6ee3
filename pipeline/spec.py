"""What a managed model is: input, data, candidates, gate, monitoring, retraining rules, as one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.gate.rules import GateRules
from pipeline.records import Row
from pipeline.releases.rollout import RolloutRules
from pipeline.settings import PipelineSettings


@dataclass(frozen=True, kw_only=True)
class TextInput:
    """Raw text under one field of the request body; blank or longer text is refused."""

    field: str = "message"
    max_chars: int = 10_000


@dataclass(frozen=True, kw_only=True)
class NumericInput:
    """Named numeric features, in the order of the training columns."""

    features: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TextBlock:
    """One TF-IDF block, with scikit-learn's names: `word` n-grams, or `char_wb` n-grams that lie inside words."""

    analyzer: Literal["word", "char_wb"]
    ngram_range: tuple[int, int]
    max_features: int | None = None
    min_df: int = 1
    sublinear_tf: bool = True


@dataclass(frozen=True, kw_only=True)
class NumericBlock:
    """The numeric features as they are, or scaled to mean 0 and standard deviation 1."""

    scale: bool = True


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An estimator over a block of features with the grid of its hyperparameters; every combination is tried."""

    estimator: Literal["naive_bayes", "logistic_regression", "linear_svm", "random_forest"]
    features: TextBlock | NumericBlock
    grid: Mapping[str, tuple[object, ...]]

    @property
    def name(self) -> str:
        if isinstance(self.features, TextBlock):
            return f"{self.estimator}_{self.features.analyzer}"
        return self.estimator


@dataclass(frozen=True, kw_only=True)
class SearchRules:
    """How candidates are compared: grouped folds, repeated; the seed makes a search repeatable."""

    folds: int = 5
    repeats: int = 2
    primary_metric: Literal["f1", "accuracy"] = "f1"
    seed: int = 7


@dataclass(frozen=True, kw_only=True)
class MonitoringRules:
    """The lines that an operator draws.

    Scores above `drift_threshold` are drift; below `accuracy_floor` the model is too bad to serve.
    """

    drift_threshold: float = 0.15
    accuracy_floor: float = 0.93
    # `below` is declared when P(accuracy < floor) reaches this, `clear` when it falls to one minus this.
    accuracy_confidence: float = 0.975
    window_rows: int = 500
    min_rows: int = 30
    confirm_windows: Literal[1, 2] = 1
    stale_after_hours: float = 48.0


@dataclass(frozen=True, kw_only=True)
class RetrainingRules:
    """When a retraining makes sense, and how often it may be tried."""

    schedule_days: float = 7.0
    cooldown_hours: float = 6.0
    max_per_day: int = 3
    min_new_labels: int = 100
    # How many of the newest labelled production rows are trained on, and how many of the newest judge a challenger.
    max_production_rows: int = 20_000
    judge_rows: int = 300
    max_wait_hours: float = 24.0
    # The brake: after this many retrainings in a row without a promotion, a person is asked first.
    max_fruitless: int = 3
    time_limit_seconds: float = 600.0


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A managed model. `load` gives the labelled base rows and names the source it found them in."""

    name: str
    title: str
    labels: tuple[str, str]
    input: TextInput | NumericInput
    load: Callable[[PipelineSettings], "LoadedData"]
    candidates: tuple[Candidate, ...]
    gate: GateRules
    search: SearchRules = field(default_factory=SearchRules)
    monitoring: MonitoringRules = field(default_factory=MonitoringRules)
    retraining: RetrainingRules = field(default_factory=RetrainingRules)
    rollout: RolloutRules = field(default_factory=RolloutRules)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the numeric features; empty for a text model."""
        return self.input.features if isinstance(self.input, NumericInput) else ()

    @property
    def positive(self) -> str:
        """The name of the class that precision, recall and F1 speak of."""
        return self.labels[1]

    def label_index(self, name: str) -> int:
        """0 or 1 for a label's name, whatever its case. Raises ValueError that lists the names."""
        wanted = name.strip().lower()
        if wanted not in self.labels:
            raise ValueError(f"Unknown label {name!r} for {self.name}; use one of: {', '.join(self.labels)}.")
        return self.labels.index(wanted)


@dataclass(frozen=True, kw_only=True)
class LoadedData:
    """Labelled rows as their source gives them, duplicates included, and where they came from."""

    rows: tuple[Row, ...]
    source: str
    sha256: str
