"""The numbers of a policy by name: reading one, and rules with some of them changed. Pure: no clock, no files."""

from collections.abc import Mapping
from dataclasses import fields, replace
from math import inf
from typing import Any, cast

from agent.decision import PolicyRules
from pipeline.spec import MonitoringRules, RetrainingRules

SECTIONS: Mapping[str, type] = {"monitoring": MonitoringRules, "retraining": RetrainingRules, "": PolicyRules}


class UnknownRuleNumberError(ValueError):
    """A number was changed that the policy does not have; the message lists those that it has."""


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
    """The rules with some numbers replaced; whole numbers stay whole. Raises UnknownRuleNumberError."""
    for name, value in changes.items():
        section = section_of(name)
        holder: Any = getattr(rules, section) if section else rules
        present = getattr(holder, name)
        typed = value if present is None else type(present)(value)
        changed = replace(holder, **{name: typed})
        rules = _placed(rules, section, changed)
    return rules


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
