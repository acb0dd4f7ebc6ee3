"""Stretches of time in which the model was too bad to serve, and whether anybody reacted. Pure: no clock, no files."""

from collections.abc import Sequence
from dataclasses import dataclass

# A shorter dip is noise that nobody can be asked to see; a reaction after more than a day is late.
LEAST_HOURS = 24
LATE_AFTER_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Episode:
    """From hour `start` to before `end`; `reaction_hours` until something was done about it, None if nothing was."""

    start: int
    end: int
    reaction_hours: int | None

    @property
    def missed(self) -> bool:
        return self.reaction_hours is None

    @property
    def late(self) -> bool:
        return self.reaction_hours is not None and self.reaction_hours > LATE_AFTER_HOURS


def episodes(accuracy: Sequence[float], reacted: Sequence[bool], floor: float) -> tuple[Episode, ...]:
    """Every stretch of a day or more below the floor, with the first hour in it at which something was done."""
    found: list[Episode] = []
    start: int | None = None
    for hour in range(len(accuracy) + 1):
        below = hour < len(accuracy) and accuracy[hour] < floor
        if below and start is None:
            start = hour
        if not below and start is not None:
            if hour - start >= LEAST_HOURS:
                found.append(_episode(start, hour, reacted))
            start = None
    return tuple(found)


def _episode(start: int, end: int, reacted: Sequence[bool]) -> Episode:
    first = next((hour - start for hour in range(start, end) if reacted[hour]), None)
    return Episode(start=start, end=end, reaction_hours=first)
