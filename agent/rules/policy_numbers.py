"""The numbers of a policy by name: reading one, and rules with some of them changed. Pure: no clock, no files."""

from collections.abc import Mapping
from dataclasses import fields, replace
from math import inf, isfinite
from typing import Any, cast

from agent.decision import PolicyRules
from pipeline.spec import MonitoringRules, RetrainingRules

SECTIONS: Mapping[str, type] = {"monitoring": MonitoringRules, "retraining": RetrainingRules, "": PolicyRules}


# The limits of each number, both ends included; those that are not named reach from 0 to MOST.
MOST = 1e9
LIMITS: Mapping[str, tuple[float, float]] = {
    "drift_threshold": (0.0, 1.0),
    "accuracy_floor": (0.0, 1.0),
    "accuracy_confidence": (0.5, 1.0),
    "confirm_windows": (1, 3),
    "max_source_share": (0.0, 1.0),
}


class RuleNumberError(ValueError):
    """Rules cannot be had with the number that was asked for; the message says why."""


class UnknownRuleNumberError(RuleNumberError):
    """A number was changed that the policy does not have; the message lists those that it has."""


class ImpossibleRuleNumberError(RuleNumberError):
    """A number was given a value that it cannot have."""


def numbers() -> tuple[str, ...]:
    """The numbers of the policy by their names, which are unique over its sections."""
    kept = [field.name for kind in SECTIONS.values() for field in fields(kind) if field.name not in SECTIONS]
    return tuple(kept)


NUMBERS: tuple[str, ...] = numbers()


def number_of(rules: PolicyRules, name: str) -> float:
    """The number as it stands; one that is not set bounds nothing, so it counts as infinite."""
    section = section_of(name)
    value = getattr(getattr(rules, section) if section else rules, name)
    return inf if value is None else float(value)


def with_numbers(rules: PolicyRules, changes: Mapping[str, float]) -> PolicyRules:
    """The rules with some numbers replaced; whole numbers stay whole. Raises RuleNumberError."""
    for name, value in changes.items():
        section = section_of(name)
        holder: Any = getattr(rules, section) if section else rules
        changed = replace(holder, **{name: _checked(name, value, whole=isinstance(getattr(holder, name), int))})
        rules = _placed(rules, section, changed)
    return rules


def _checked(name: str, value: float, *, whole: bool) -> float:
    low, high = LIMITS.get(name, (0.0, MOST))
    if not isfinite(value) or not low <= value <= high:
        raise ImpossibleRuleNumberError(f"{name} must lie between {low:g} and {high:g}.")
    if whole and value != int(value):
        raise ImpossibleRuleNumberError(f"{name} must be a whole number.")
    return int(value) if whole else float(value)


def _placed(rules: PolicyRules, section: str, changed: Any) -> PolicyRules:
    if not section:
        return cast(PolicyRules, changed)
    parts: dict[str, Any] = {section: changed}
    return replace(rules, **parts)


def section_of(name: str) -> str:
    for section, kind in SECTIONS.items():
        if name not in SECTIONS and any(field.name == name for field in fields(kind)):
            return section
    raise UnknownRuleNumberError(f"The policy has no number {name!r}. It has: {', '.join(NUMBERS)}.")
