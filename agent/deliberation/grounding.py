"""Holds the numbers in a text against the evidence, within rounding. Pure: no clock, no files, no model calls."""

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from agent.decision import Bounds, PolicyRules
from agent.deliberation.figures import figures
from agent.evidence import Evidence
from agent.record.canonical import to_plain
from pipeline.durations import HOURS_PER_DAY

# A number that stands for itself: not part of a name such as F1 or confirm_windows2; `v3` is a version number.
_NUMBER = re.compile(
    r"(?<![\w.])(?P<version>[vV])?(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<percent>\s?(?:%|percent))?(?![\w]|\.\d)"
)
# Rounded to a whole number, a smaller value says too little to be recognised by.
WHOLE_FROM = 10.0
# The fields that `v3` may mean.
VERSIONS = ("version", "judged_against")


def numbers_of(value: object, path: str = "") -> dict[str, float]:
    """Every number inside a value, by its dotted path."""
    return dict(_walk(to_plain(value), path))


def facts(evidence: Evidence, rules: PolicyRules, limits: Bounds) -> dict[str, float]:
    """All numbers that a reason may cite: evidence, thresholds, margins, and hours as days."""
    known = numbers_of(evidence) | numbers_of(rules, "rules")
    known |= {f"margin.{fired.rule}": fired.margin for fired in limits.fired if fired.margin is not None}
    known |= {
        f"margin.{figure.name}": figure.margin for figure in figures(evidence, rules) if figure.margin is not None
    }
    days = {f"{path}.days": value / HOURS_PER_DAY for path, value in known.items() if "hours" in path}
    return known | days


def ungrounded(text: str, known: Mapping[str, float]) -> list[str]:
    """The numbers in `text` that no fact gives when it is rounded to as many decimals, or written as a percentage."""
    return [match.group(0) for match in _NUMBER.finditer(text) if not _is_known(match, known)]


def numbers_in(text: str) -> list[float]:
    """The numbers that stand for themselves in a text; a percentage counts as its share too."""
    found = list(_NUMBER.finditer(text))
    shares = [_value(match.group("digits")) / 100 for match in found if match.group("percent")]
    return [*(_value(match.group("digits")) for match in found), *shares]


def field_names(evidence: Evidence) -> frozenset[str]:
    """The names under which evidence fields may be cited: `drift.tfidf_drift`, or its last part alone."""
    paths = set(_paths(to_plain(evidence), ""))
    return frozenset(paths | {path.rpartition(".")[2] for path in paths})


def _is_known(match: re.Match[str], known: Mapping[str, float]) -> bool:
    if match.group("version"):
        return _value(match.group("digits")) in {known[path] for path in known if path.endswith(VERSIONS)}
    values = known.values()
    digits = match.group("digits")
    written, decimals = _value(digits), len(digits.partition(".")[2])
    if match.group("percent"):
        return any(_rounds(abs(value) * 100, written, decimals) for value in values)
    return any(_rounds(abs(value), written, decimals) and _says_enough(value, decimals) for value in values)


def _value(digits: str) -> float:
    return float(digits.replace(",", ""))


def _rounds(value: float, written: float, decimals: int) -> bool:
    return isfinite(value) and abs(value - written) <= 0.5 * 10**-decimals + 1e-9


def _says_enough(value: float, decimals: int) -> bool:
    """A drift of 0.23 is not "0": a whole number must be meant as one."""
    return decimals > 0 or float(value).is_integer() or abs(value) >= WHOLE_FROM


def _walk(value: Any, path: str) -> Iterable[tuple[str, float]]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int | float):
        yield path, float(value)
        return
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for name, item in items:
        yield from _walk(item, f"{path}.{name}" if path else str(name))


def _paths(value: Any, path: str) -> Iterable[str]:
    if path:
        yield path
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _paths(item, f"{path}.{name}" if path else str(name))
