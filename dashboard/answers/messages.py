"""Messages as they came: examples, new patterns, and those that wait for a label."""

from datetime import datetime

from dashboard.answers.answered import Answered


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
