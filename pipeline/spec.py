"""What a managed model is: input, data, candidates, gate, monitoring, retraining rules, as one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.gate.rules import GateRules
from pipeline.records import LATER, Row
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
    """One TF-IDF block, with scikit-learn's names: `word` n-grams, or `char_wb` n-grams that lie inside words.

    `one_letter_words`: scikit-learn leaves out words of one letter, and with them the 8 of "8/10" and the t of "don't".

    `count_once`, for word n-grams of long texts: they are counted once for all folds of a search, with equal results.
    """

    analyzer: Literal["word", "char_wb"]
    ngram_range: tuple[int, int]
    max_features: int | None = None
    min_df: int = 1
    sublinear_tf: bool = True
    one_letter_words: bool = False
    count_once: bool = False


@dataclass(frozen=True, kw_only=True)
class NumericBlock:
    """The numeric features as they are, or scaled to mean 0 and standard deviation 1."""

    scale: bool = True


@dataclass(frozen=True, kw_only=True)
class TextNumbers:
    """Numbers counted in a text by the function of that name in pipeline/served/text_features.py, scaled or not."""

    function: str
    scale: bool = True


@dataclass(frozen=True, kw_only=True)
class TransformerBlock:
    """A pretrained transformer by name and revision (or a folder), and how it is fine-tuned.

    Fine-tuning stops after `patience` epochs without a better loss on `validation_share` of the training rows.
    """

    model: str
    revision: str
    max_tokens: int = 256
    max_epochs: int = 3
    patience: int = 1
    batch_rows: int = 16
    learning_rate: float = 3e-5
    validation_share: float = 0.1


Block = TextBlock | NumericBlock | TextNumbers | TransformerBlock


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An estimator over a block of features with the grid of its hyperparameters; every combination is tried.

    An `optional` one is tried only where a training names it: it takes long, or packages that not everybody has.
    """

    estimator: Literal[
        "naive_bayes",
        "logistic_regression",
        "linear_svm",
        "nb_svm",
        "random_forest",
        "nearest_neighbours",
        "transformer",
    ]
    features: Block
    grid: Mapping[str, tuple[object, ...]]
    optional: bool = False

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
class HomeShares:
    """The shares of the base rows that are held out for ever, and that play the traffic; the rest is trained on."""

    holdout: float = 0.20
    live: float = 0.25


@dataclass(frozen=True, kw_only=True)
class QualityRules:
    """What a training row must be like beside its type: numeric features lie within `ranges`, both ends included.

    Rows that are not are quarantined; a training stops when more than `max_lost_share` of the rows are.
    """

    max_lost_share: float = 0.02
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


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
    # A window ends after `window_rows` messages, or by time where this is set, whatever comes first.
    window_hours: float | None = field(default=None, metadata=LATER)
    min_rows: int = 30
    # Looks by the clock repeat all year, so drift seen in one window may be chance. 1 acts on one window; 2 on two
    # breaches in three windows; 3 on one window far beyond the line, or on the mean of the last three (looks.py).
    confirm_windows: Literal[1, 2, 3] = 3
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
    # Older production rows are left out of a training; none: they are learned from for ever.
    max_production_age_days: float | None = field(default=None, metadata=LATER)
    # How much more than a base row a production row counts in the fit.
    production_weight: float = field(default=1.0, metadata=LATER)
    # Rows whose labels come from one source make up at most this share of the training rows; the rest is held back
    # until somebody approves that source.
    max_source_share: float = field(default=0.30, metadata=LATER)
    judge_rows: int = 300
    max_wait_hours: float = 24.0
    # The brake: after this many retrainings in a row without a promotion, a person is asked first.
    max_fruitless: int = 3
    time_limit_seconds: float = 600.0
    # What the training and its workers may take together; None: as much as there is.
    memory_limit_mb: float | None = field(default=4_096.0, metadata=LATER)


@dataclass(frozen=True, kw_only=True)
class ScheduleRules:
    """When a model is looked at and retrained by the clock; a deployment may say otherwise for each model.

    `retrain` is a calendar of five fields (minute hour day month weekday) or @daily, @weekly, @monthly, read in `zone`;
    none: a retraining is due `retraining.schedule_days` after the last training. Each time comes up to `jitter_seconds`
    late, always by as much for one model, so that models do not all start at once.
    """

    look_minutes: float | None = None
    retrain: str | None = None
    zone: str = "UTC"
    jitter_seconds: float = 60.0


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
    homes: HomeShares = field(default_factory=HomeShares)
    quality: QualityRules = field(default_factory=QualityRules)
    search: SearchRules = field(default_factory=SearchRules)
    monitoring: MonitoringRules = field(default_factory=MonitoringRules)
    retraining: RetrainingRules = field(default_factory=RetrainingRules)
    rollout: RolloutRules = field(default_factory=RolloutRules)
    schedule: ScheduleRules = field(default_factory=ScheduleRules)
    # How far the agent goes by itself with this model; none: as far as the deployment lets it.
    autonomy: Literal["observe", "propose", "act"] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for labels that `label_index` could not find, or could not tell apart."""
        if len(set(self.labels)) != 2 or any(label != label.strip().lower() or not label for label in self.labels):
            raise ValueError(f"labels of {self.name} are two different names in lower case, not {self.labels}")

    @property
    def candidate_names(self) -> tuple[str, ...]:
        """The candidates that a training searches without being told, and that the agent may choose from."""
        return tuple(candidate.name for candidate in self.candidates if not candidate.optional)

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


# Of the content of a rejected row.
LONGEST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A row that cannot be learned from: where it stood, what it said (shortened), and why not."""

    place: str
    content: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LoadedData:
    """Labelled rows as their source gives them, duplicates included, and where they came from.

    `rejected` could not be read as rows. Where a source has an official test part, it is the `holdout`, and no row of
    `rows` is.
    """

    rows: tuple[Row, ...]
    source: str
    sha256: str
    rejected: tuple[Rejected, ...] = ()
    holdout: tuple[Row, ...] | None = None
