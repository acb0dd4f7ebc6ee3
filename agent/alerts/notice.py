"""One thing that people are told, whatever the channel. Pure: no clock, no files, no model calls.

A notice holds numbers, enums, ids and sentences of ours or of the agent; no message of a user has a field here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """Only `critical` breaks quiet hours."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class NoticeKind(StrEnum):
    TROUBLE = "trouble"
    RETRAINING_STARTED = "retraining_started"
    GATE_PASSED = "gate_passed"
    GATE_FAILED = "gate_failed"
    ROLLOUT = "rollout"
    PROMOTED = "promoted"
    PROMOTION_REFUSED = "promotion_refused"
    ROLLED_BACK = "rolled_back"
    NOT_DONE = "not_done"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_ANSWERED = "approval_answered"
    FALLBACK_TO_RULES = "fallback_to_rules"
    AGENT_DEMOTED = "agent_demoted"
    AGENT_BACK = "agent_back"
    OUTCOME = "outcome"
    RESOLVED = "resolved"
    LEDGER_UNREADABLE = "ledger_unreadable"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One figure beside its line, in words. `beyond` is None where the figure is unknown."""

    name: str
    observed: str
    threshold: str
    margin: str | None = None
    reading: str = ""
    beyond: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A yes or no that a person is asked for."""

    approval_id: str
    action: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Notice:
    """`key` names it once and for all; the notices of one `thread` arrive in order.

    `closes` is the key of an earlier notice that this one ends (an answered question, a resolved incident), and
    `closing` what is written on that one then. `wants_labels` shows messages to label where a channel may.
    """

    key: str
    kind: NoticeKind
    severity: Severity
    model: str
    title: str
    thread: str
    headline: str
    at: datetime
    version: int | None = None
    decision_id: str | None = None
    window: str | None = None
    facts: tuple[Fact, ...] = ()
    expected: tuple[str, ...] = ()
    diagnosis: str | None = None
    agent_reasons: tuple[str, ...] = ()
    rule_reasons: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    ask: Ask | None = None
    wants_labels: bool = False
    closes: str | None = None
    closing: str | None = None
    broadcast: bool = False
