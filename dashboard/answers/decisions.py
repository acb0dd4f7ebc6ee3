"""Decisions with their reasons, what else they might have been, and those that wait for an approval."""

from datetime import datetime
from typing import Any

from dashboard.answers.answered import Answered


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
    effective_now: tuple[str, ...]
    rules: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    numbers: tuple[Number, ...]


class Choice(Answered):
    decision_id: str
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


class Checked(Answered):
    """What became of a look that was asked for."""

    state: str
