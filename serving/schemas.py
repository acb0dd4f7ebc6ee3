"""What the routes take and give, as pydantic models: the edge of the service."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, create_model

from pipeline.releases.rollout import Strategy
from pipeline.spec import ModelSpec, TextInput

NOT_BLANK = r"\S"
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[!-~]+$")]
# What the store's columns hold.
LARGEST = 2_147_483_647
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]


class Body(BaseModel):
    """A request body; a field that the route does not know is refused, so that a typing error is not ignored."""

    model_config = ConfigDict(extra="forbid")


class Feedback(Body):
    """The true class of one prediction, and who says so."""

    prediction_id: Identifier
    label: Name
    source: Name = "feedback"

    model_config = ConfigDict(json_schema_extra={"examples": [{"prediction_id": "...", "label": "spam"}]})


class FeedbackList(Body):
    labels: Annotated[list[Feedback], Field(min_length=1, max_length=5_000)]

    model_config = ConfigDict(json_schema_extra={"examples": [{"labels": [{"prediction_id": "...", "label": "spam"}]}]})


class Shown(BaseModel):
    """An answer as the documentation shows it; nothing is checked with it, so it is built when somebody looks."""

    model_config = ConfigDict(defer_build=True)


class Contribution(Shown):
    """A word, or a numeric feature, and what it added to the logit of the positive class."""

    word: str | None = None
    feature: str | None = None
    contribution: float


class Prediction(Shown):
    """The answer for one message; `confidence` is the probability of the predicted class."""

    model_config = ConfigDict(protected_namespaces=())

    prediction: str
    confidence: float
    model_version: str
    timestamp: datetime
    top_features: list[Contribution]
    prediction_id: str


class BatchPrediction(Shown):
    predictions: list[Prediction]


class Moving(Body):
    """A move is decided on a generation of the champion pointer (see GET /models/current); a stale one is refused."""

    expected_generation: Annotated[int, Field(ge=0, le=LARGEST)]
    who: Name = "operator"
    why: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class PromoteBody(Moving):
    """`strategy` is that of the model's specification unless it is given."""

    version: Annotated[int, Field(ge=1, le=LARGEST)]
    verdict_id: Identifier
    strategy: Strategy | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 4, "verdict_id": "...", "expected_generation": 3, "why": "better on new traffic"}]
        }
    )


class RollbackBody(Moving):
    model_config = ConfigDict(json_schema_extra={"examples": [{"expected_generation": 4, "why": "calls banks spam"}]})


class RolloutBody(Body):
    """`advance` takes the next stage now, whatever the figures say; `take_back` ends it as failed; `cancel` ends it."""

    action: Literal["advance", "take_back", "cancel"]
    rollout_id: Identifier
    who: Name = "operator"
    why: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "cancel", "rollout_id": "...", "why": "holidays"}]}
    )


class PinBody(Moving):
    """With `back`, the previous champion serves again first. `lift_when` and `until` say what lifts the pin."""

    back: bool = False
    lift_when: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    until: AwareDatetime | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"expected_generation": 4, "back": True, "why": "v4 calls banks spam", "lift_when": "v5 is trained"}
            ]
        }
    )


class UnpinBody(Body):
    expected_pin: Annotated[int, Field(ge=1, le=LARGEST)]
    who: Name = "operator"
    why: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]

    model_config = ConfigDict(json_schema_extra={"examples": [{"expected_pin": 1, "why": "v5 is trained"}]})


class ControlAnswer(Shown):
    """What was done; fields that the move has no use for are null."""

    model: str
    version: str
    generation: int | None = None
    rollout_id: str | None = None
    stage: int | None = None
    state: str | None = None
    pin: int | None = None
    lifted_by: list[str] = []


class NewPattern(Shown):
    """Terms that came up together: in `count` messages, a `share` of all of them."""

    terms: list[str]
    count: int
    share: float


class DriftAnswer(Shown):
    """Scores are null, and `drift_detected` too, where there is too little to tell."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    status: str
    vocabulary_drift: float | None
    tfidf_drift: float | None
    drift_detected: bool | None
    threshold: float
    new_spam_patterns: list[NewPattern]
    recommendation: str
    explanation: list[str]
    n_messages: int
    n_unique: int
    model_version: str


class FeedbackResult(Shown):
    """`repeated` labels were known already and changed nothing."""

    recorded: int
    repeated: int


class ErrorDetail(Shown):
    code: str
    message: str


class ErrorBody(Shown):
    error: ErrorDetail


def body_schema(name: str, fields: dict[str, Any], example: dict[str, Any]) -> type[Body]:
    """A body that a model's own fields make; `example` stands in the documentation."""
    schema: type[Body] = create_model(name, __base__=Body, **fields)
    schema.model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})
    schema.model_rebuild(force=True)
    return schema


def text_type(spec: ModelSpec) -> Any:
    """A text within the model's limits that is not blank."""
    assert isinstance(spec.input, TextInput)
    return Annotated[str, StringConstraints(max_length=spec.input.max_chars, pattern=NOT_BLANK)]
