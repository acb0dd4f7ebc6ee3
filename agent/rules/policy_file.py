"""Reads a policy's numbers from a file: `drift_threshold: 0.2` a line, or with the sections of the model's spec."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from agent.decision import PolicyRules
from agent.errors import EvidenceFileError
from agent.rules.policy_numbers import SECTIONS, RuleNumberError, with_numbers


def read_policy(path: Path, base: PolicyRules) -> PolicyRules:
    """`base` with the numbers that a YAML or JSON file names. Raises EvidenceFileError that says what is wrong."""
    return with_numbers_of(base, read_changes(path), path)


def read_changes(path: Path) -> dict[str, float]:
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise EvidenceFileError(f"{path} cannot be read as a policy ({type(error).__name__}).") from error
    if not isinstance(body, Mapping) or not body:
        raise EvidenceFileError(f"{path} is no policy: it needs lines such as `drift_threshold: 0.2`.")
    flat = _flattened(body)
    wrong = [name for name, value in flat.items() if isinstance(value, bool) or not isinstance(value, int | float)]
    if wrong:
        raise EvidenceFileError(f"{path}: {', '.join(wrong)} must be a number.")
    return flat


def with_numbers_of(base: PolicyRules, changes: Mapping[str, float], path: Path) -> PolicyRules:
    try:
        return with_numbers(base, changes)
    except RuleNumberError as error:
        raise EvidenceFileError(f"{path}: {error}") from None


def _flattened(body: Mapping[str, Any]) -> dict[str, Any]:
    """Sections are only a grouping: the names of the numbers are unique over them."""
    sections = [value for name, value in body.items() if name in SECTIONS and isinstance(value, Mapping)]
    plain = {name: value for name, value in body.items() if name not in SECTIONS}
    return {str(name): value for part in (*sections, plain) for name, value in part.items()}
