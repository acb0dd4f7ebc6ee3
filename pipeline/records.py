"""The values that rooms hand to each other: frozen, plain, with units in their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# The raw text of an example, or its numeric features in the order of the model's feature names.
RowInput = str | tuple[float, ...]
# Marks a field that came with a later release: while it has its default, such as None, recorded decisions leave it out,
# so that what was written before it reads, hashes and replays as it did. The default of such a field never changes.
LATER: Mapping[str, bool] = {"later": True}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled example.

    `input` is the raw text or the tuple of numeric features; `label` is 1 for the positive class.
    """

    input: RowInput
    label: int


@dataclass(frozen=True, kw_only=True)
class VersionRecord:
    """One trained artefact of a managed model. `version` counts from 1; people see it as "v1"."""

    model: str
    version: int
    artifact_sha256: str
    artifact_bytes: int
    run_id: str | None
    trained_at: datetime
    training_rows: int
    training_rows_sha256: str
    decision_id: str | None = None

    @property
    def tag(self) -> str:
        return version_tag(self.version)


def version_tag(version: int) -> str:
    """The name people use for a version: 3 -> "v3"."""
    return f"v{version}"


class PromotionKind(StrEnum):
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """One move of a model's champion pointer. `generation` counts the moves of that model from 1."""

    model: str
    generation: int
    kind: PromotionKind
    from_version: int | None
    to_version: int
    who: str
    why: str
    verdict_id: str | None
    decision_id: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who moves something, why and when, and by which decision: a move that is repeated for one happens once."""

    who: str
    why: str
    at: datetime
    decision_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedVersion:
    """A version to bring into service: the verdict that judged it, and the champion's generation when that was read.

    `expected_generation` is 0 for a first champion.
    """

    model: str
    version: int
    verdict_id: str
    expected_generation: int


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """What should be serving: the champion of a model, the artefact to load, and the version to go back to."""

    model: str
    generation: int
    version: int
    artifact_sha256: str
    previous_version: int | None
    promoted_at: datetime


@dataclass(frozen=True, kw_only=True)
class Pin:
    """No version of the model is promoted until the pin is lifted. `lift_when` says in words what should lift it."""

    model: str
    seq: int
    version: int
    who: str
    why: str
    lift_when: str | None
    until: datetime | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PredictionRecord:
    """One served prediction.

    `score` is P(positive class), in [0, 1]; `seq` is the position in the log, None before it is written.
    """

    prediction_id: str
    model: str
    version: int
    slot: str
    at: datetime
    input: RowInput
    prediction: int
    score: float
    seq: int | None = None


@dataclass(frozen=True, kw_only=True)
class LabelledPrediction:
    """A prediction together with the newest label that arrived for it, and its source; None while it waits for one."""

    record: PredictionRecord
    label: int | None
    labelled_at: datetime | None
    label_source: str | None = None
