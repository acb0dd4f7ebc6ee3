"""What the agent answers, as frozen values: the fields that pages show, under the agent's own names."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Titled(Answered):
    name: str
    title: str


class Access(Answered):
    role: str
    may_act: bool
    may_approve: bool
    may_act_in_chat: bool
    shows_text: bool
    llm: str | None
    default: str
    models: tuple[Titled, ...]


class Lines(Answered):
    drift_threshold: float
    accuracy_floor: float
    accuracy_confidence: float


class Accuracy(Answered):
    status: str | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p_below_floor: float | None = None
    labelled: int | None = None
    upper_estimate: float | None = None
    more_labels: int | None = None


class Thought(Answered):
    """A decision in short, with the agent's reasons."""

    decision_id: str
    at: datetime
    headline: str | None
    decided_by: str | None
    diagnosis: str | None = None
    reason_code: str | None = None
    thinks: str | None = None
    reasons: tuple[str, ...] = ()


class ModelRow(Answered):
    model: str
    title: str
    kind: str
    light: str
    why: str
    champion: str | None
    generation: int
    promoted_at: datetime | None
    autonomy: str
    waiting: int
    lines: Lines
    drift: float | None
    accuracy: Accuracy
    recent_drift: tuple[float | None, ...]
    last_decision: Thought | None


class Overview(Answered):
    at: datetime
    models: tuple[ModelRow, ...]


class Slot(Answered):
    slot: str
    state: str | None
    version: str | None


class Latency(Answered):
    requests: int | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None


class Served(Answered):
    version: str | None
    serving_since: datetime | None
    slots: tuple[Slot, ...]
    problems: tuple[str, ...]
    predictions_since_start: int | None
    latency: Latency


class Explained(Answered):
    at: datetime
    drift: tuple[str, ...]
    recommendation: str | None
    causes: tuple[str, ...]
    accuracy: tuple[str, ...]


class Stage(Answered):
    traffic: str
    share: float


class Rollout(Answered):
    version: int
    champion_version: int
    strategy: str
    stage: int
    stages: tuple[Stage, ...]
    started_at: datetime
    why: str


class Pin(Answered):
    version: int
    who: str
    why: str
    until: datetime | None = None


class Model(ModelRow):
    labels: tuple[str, ...]
    features: int
    rules: dict[str, Any]
    newest_window: Explained | None
    rollout: Rollout | None
    pin: Pin | None
    served: Served | None


class Drift(Answered):
    status: str | None = None
    vocabulary_drift: float | None = None
    tfidf_drift: float | None = None
    numeric_drift: float | None = None
    score_shift: float | None = None
    spam_part_novelty: float | None = None
    duplicate_rate: float | None = None
    messages: int | None = None


class Reading(Answered):
    statistic: str
    raw: float | None
    expected: float | None
    alarm_at: float | None


class Window(Answered):
    seq: int
    at: datetime
    generation: int
    scheduled: bool
    decision_id: str | None
    drift: Drift
    accuracy: Accuracy
    readings: tuple[Reading, ...]
    patterns: int


class Move(Answered):
    at: datetime
    kind: str
    from_version: int | None
    to_version: int
    generation: int


class Series(Answered):
    model: str
    since: datetime
    until: datetime
    measured: int
    windows: tuple[Window, ...]
    lines: Lines
    names: dict[str, str]
    shares: frozenset[str]
    moves: tuple[Move, ...]


class VersionRow(Answered):
    version: int
    tag: str
    trained_at: datetime
    training_rows: int
    artifact_bytes: int
    decision_id: str | None
    verdict: str | None
    judged_at: datetime | None
    judged_against: str | None
    verdict_reason: str | None


class Versions(Answered):
    champion: int | None
    previous: int | None
    versions: tuple[VersionRow, ...]


class RuleResult(Answered):
    rule: str
    outcome: str
    observed: float | None
    required: float | None
    reason: str
    interval: tuple[float, float] | None = None
    more_labels: int | None = None


class Version(VersionRow):
    artifact_sha256: str
    run_id: str | None
    metrics: dict[str, float]
    metrics_trouble: str | None
    rules: tuple[RuleResult, ...]
    lineage: dict[str, Any] | None


class Event(Answered):
    """One thing that happened to the versions of a model; what it says beside depends on its kind."""

    model_config = ConfigDict(frozen=True, extra="allow")

    at: datetime
    kind: str
    decision_id: str | None
    by: str


class Timeline(Answered):
    events: tuple[Event, ...]


class DecisionRow(Answered):
    decision_id: str
    model: str
    at: datetime
    headline: str | None
    decided_by: str | None
    scheduled: bool | None
    effective: tuple[str, ...] | None


class Decisions(Answered):
    decisions: tuple[DecisionRow, ...]
    next: int | None


class Figure(Answered):
    name: str
    value: str
    line: str
    margin: float | None
    beyond: bool | None
    reading: str


class Fired(Answered):
    rule: str
    sentence: str
    margin: float | None


class Decision(Answered):
    """A decision with all that was recorded of it; `record` is the ledger's own."""

    model: str
    decision_id: str
    headline: str
    effective: tuple[str, ...]
    decided_by: str
    reasoning: tuple[str, ...]
    figures: tuple[Figure, ...]
    required: tuple[str, ...]
    deferrable: tuple[str, ...]
    permitted: tuple[str, ...]
    rules: tuple[Fired, ...]
    events: tuple[dict[str, Any], ...]
    record: dict[str, Any]


class Number(Answered):
    """A number of the policy that a decision turns on, with a range to try; `beyond` is where it just changes."""

    name: str
    recorded: float | None
    low: float
    high: float
    whole: bool
    beyond: float | None
    margin: float | None
    becomes: str | None


class WhatIf(Answered):
    same: bool
    headline_before: str
    headline_now: str
    effective_before: tuple[str, ...]
    effective_now: tuple[str, ...]
    rules: tuple[dict[str, Any], ...]
    sentences_now: tuple[str, ...]
    notes: tuple[str, ...]
    numbers: tuple[Number, ...]


class Choice(Answered):
    decision_id: str
    added: tuple[str, ...]
    put_off: tuple[str, ...]
    regret: str


class Scorecard(Answered):
    asked: int
    accepted: int
    demoted: bool
    counts: dict[str, int]
    choices: tuple[Choice, ...]


class Replayed(Answered):
    same: bool
    differences: tuple[str, ...]


class Shown(Answered):
    """A message as it came, or the numbers of a row."""

    prediction_id: str
    at: datetime
    text: str | None
    numbers: dict[str, float] | None


class Example(Shown):
    score: float
    true_label: str | None


class Examples(Answered):
    label: str
    examples: tuple[Example, ...]


class Pattern(Answered):
    count: int
    share: float
    lift: float
    terms: tuple[str, ...] = ()


class Patterns(Answered):
    at: datetime | None
    decision_id: str | None
    windows_looked_at: int
    with_terms: bool
    patterns: tuple[Pattern, ...]


class Queue(Answered):
    labels: tuple[str, ...]
    waiting: int
    window: int
    labelled: int
    items: tuple[Shown, ...]


class Binding(Answered):
    decision_id: str
    model: str
    action: str
    arguments: dict[str, Any]
    champion_version: int | None


class Approval(Answered):
    approval_id: str
    binding: Binding
    state: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None = None


class Approvals(Answered):
    approvals: tuple[Approval, ...]


class Said(Answered):
    """One event of an answer in the chat: tool_started, tool_finished, text or final."""

    kind: str
    data: dict[str, Any] = Field(default_factory=dict)
