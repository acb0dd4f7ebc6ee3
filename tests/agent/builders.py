"""Evidence for tests: a calm base, changed where a test says so."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from agent.decision import PolicyRules
from agent.evidence import Evidence

EVIDENCE = TypeAdapter(Evidence)
RULES = TypeAdapter(PolicyRules)

CALM: dict[str, Any] = {
    "model": "sms_spam",
    "at": "2026-11-21T12:00:00Z",
    "champion": {"version": 1, "generation": 1, "arrived_by": "promote", "hours_since_promotion": 50.0},
    "drift": {
        "status": "sufficient",
        "vocabulary_drift": 0.04,
        "tfidf_drift": 0.02,
        "messages": 500,
        "unique_messages": 480,
        "duplicate_rate": 0.04,
        "hours_since_last_message": 0.2,
    },
    "accuracy": {
        "status": "sufficient",
        "estimate": 0.985,
        "low": 0.95,
        "high": 0.996,
        "p_below_floor": 0.001,
        "labelled": 200,
        "more_labels": 0,
    },
    "training": {"hours_since_training": 50.0, "new_labels": 20},
    "history": {},
}


def merged(base: Mapping[str, Any], change: Mapping[str, Any] | None) -> dict[str, Any]:
    """`change` over `base`, level by level; a change to null replaces what was there."""
    out = dict(base)
    for name, value in (change or {}).items():
        below = out.get(name)
        out[name] = merged(below or {}, value) if isinstance(value, Mapping) else value
    return out


def evidence_with(change: Mapping[str, Any] | None = None) -> Evidence:
    return EVIDENCE.validate_python(merged(CALM, change))


def rules_with(change: Mapping[str, Any] | None = None) -> PolicyRules:
    return RULES.validate_python(dict(change or {}))


DRIFTED: dict[str, Any] = {"drift": {"vocabulary_drift": 0.23, "tfidf_drift": 0.18}}
LABELLED: dict[str, Any] = {"training": {"new_labels": 240}}
CHALLENGER: dict[str, Any] = {
    "challenger": {
        "version": 2,
        "verdict_id": "a1",
        "verdict": "passed",
        "verdict_age_hours": 1.0,
        "judged_against": 1,
    }
}
