"""The versions of a model: what they were made of, how they were judged, what happened to them."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from dashboard.answers.answered import Answered


class VersionRow(Answered):
    version: int
    tag: str
    trained_at: datetime
    training_rows: int
    artifact_bytes: int
    decision_id: str | None
    verdict: str | None
    judged_against: str | None


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


class Version(VersionRow):
    artifact_sha256: str
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
