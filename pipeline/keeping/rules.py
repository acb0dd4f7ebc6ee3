"""Which rows of the telemetry database may leave it. Pure: no clock, no files, no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Stay:
    """What must not leave of one model, by the numbers of the log.

    `unread_after`: what the champion answered behind the last scheduled look is in no window yet. `newest_from`: by
    version, where the newest window of the champion and of the version before it begins. `labels_from`: the oldest
    label that a training would read; judge sets are made of the same rows. None: nothing of that kind.

    Not `known`: there are versions of the model, but no file says how much of its log is needed.
    """

    champion: int | None
    unread_after: int | None
    newest_from: Mapping[int, int]
    labels_from: int | None
    known: bool = True


UNKNOWN = Stay(champion=None, unread_after=None, newest_from={}, labels_from=None, known=False)


@dataclass(frozen=True, kw_only=True)
class Age:
    """One prediction as retention sees it. `newest_label` is the number of its newest label."""

    seq: int
    version: int
    at: datetime
    newest_label: int | None


def why_it_stays(row: Age, stay: Stay | None, limit: datetime) -> str | None:
    """The reason why a prediction must not leave; None: it may. A model without `stay` is retired, or never began."""
    if row.at >= limit:
        return "young"
    if stay is None:
        return None
    return _needed_for(row, stay) if stay.known else "unknown"


def _needed_for(row: Age, stay: Stay) -> str | None:
    if row.version == stay.champion and stay.unread_after is not None and row.seq > stay.unread_after:
        return "unread"
    if row.seq >= stay.newest_from.get(row.version, row.seq + 1):
        return "newest_window"
    if row.newest_label is not None and stay.labels_from is not None and row.newest_label >= stay.labels_from:
        return "learned_from"
    return None
