"""What a check of the doctor found. Pure: no clock, no files, no model calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`off`: not set up, and it need not be."""

    OK = "ok"
    OFF = "off"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: what was seen, and how to mend it. Neither holds a secret."""

    area: str
    what: str
    state: State
    seen: str
    mend: str | None = None


def ok(area: str, what: str, seen: str) -> Finding:
    return Finding(area=area, what=what, state=State.OK, seen=seen)


def off(area: str, what: str, seen: str) -> Finding:
    return Finding(area=area, what=what, state=State.OFF, seen=seen)


def warning(area: str, what: str, seen: str, mend: str) -> Finding:
    return Finding(area=area, what=what, state=State.WARNING, seen=seen, mend=mend)


def broken(area: str, what: str, seen: str, mend: str) -> Finding:
    return Finding(area=area, what=what, state=State.BROKEN, seen=seen, mend=mend)


def worst(findings: Iterable[Finding]) -> State:
    order: Sequence[State] = (State.BROKEN, State.WARNING)
    states = {finding.state for finding in findings}
    return next((state for state in order if state in states), State.OK)
