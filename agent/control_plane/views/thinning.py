"""Which windows of a long history are shown: real ones, the worst of each stretch. Pure: no clock, no files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """What decides whether a window is shown: when, its largest drift score, its accuracy; None where unknown."""

    seq: int
    at: datetime
    drift: float | None
    accuracy: float | None


def shown(glances: Sequence[Glance], most: int) -> list[int]:
    """The numbers of at most `most` windows (at least 4), in order: in each of equal stretches of time the one of the
    largest drift and the one of the lowest accuracy, so that no breach is smoothed away; and the newest one.
    """
    if len(glances) <= most:
        return [glance.seq for glance in glances]
    kept = {glances[-1].seq}
    for part in _stretches(glances, max((most - 1) // 2, 1)):
        kept |= {_most_drifted(part).seq, _least_accurate(part).seq}
    return sorted(kept)


def _stretches(glances: Sequence[Glance], count: int) -> Iterable[list[Glance]]:
    first, last = glances[0].at, glances[-1].at
    width = (last - first) / count
    parts: dict[int, list[Glance]] = {}
    for glance in glances:
        place = min(int((glance.at - first) / width), count - 1) if width else 0
        parts.setdefault(place, []).append(glance)
    return parts.values()


def _most_drifted(part: Sequence[Glance]) -> Glance:
    return max(part, key=lambda glance: -1.0 if glance.drift is None else glance.drift)


def _least_accurate(part: Sequence[Glance]) -> Glance:
    return min(part, key=lambda glance: 2.0 if glance.accuracy is None else glance.accuracy)
