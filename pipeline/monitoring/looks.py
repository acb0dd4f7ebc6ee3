"""When repeated looks add up to an alarm: rules over the distances of disjoint windows, newest first.

Pure: no clock, no files, no model calls. A distance is 0 when a window is typical and 1 at the alarm line.
"""

from collections.abc import Callable, Mapping, Sequence

from pipeline.monitoring.scale import ALARM_LINE, score_of, z_of

LOOKED_BACK = 3
# A reference is a little off by itself, in the same direction in every window; a mean needs this much room for it.
CLEARLY = 1.25
# So far out a single window acts at once: benchmarks/calm_year.py counts how often a calm year reaches it.
FAR = 2.5
_LEAST, _MOST = 1e-9, 1.0 - 1e-12

Distances = Sequence[float]


def distance(score: float, line: float = ALARM_LINE) -> float:
    """How far out a score in [0, 1] lies, in units of the distance of its line."""
    return z_of(min(score, _MOST)) / z_of(min(max(line, _LEAST), _MOST))


def score_at(times: float, line: float = ALARM_LINE) -> float:
    """The score that lies so many times as far out as the line."""
    return score_of(times * z_of(min(max(line, _LEAST), _MOST)))


def one_of_one(distances: Distances) -> bool:
    """The newest window breaches."""
    return bool(distances) and distances[0] > 1


def two_of_three(distances: Distances) -> bool:
    """The newest window breaches, and one of the two before it did."""
    recent = distances[:LOOKED_BACK]
    return one_of_one(recent) and sum(one > 1 for one in recent) >= 2


def mean_of_three(distances: Distances) -> bool:
    """The newest window breaches, and the mean distance of the last three lies clearly beyond the line.

    Chance scatters a mean less than a single window, so this raises a hundredth of the false alarms of two of three.
    What is half as far again beyond the line is found as surely. A single window, however far out, waits for a second.
    """
    recent = distances[:LOOKED_BACK]
    return len(recent) > 1 and one_of_one(recent) and mean(recent) > CLEARLY


def far_or_mean(distances: Distances) -> bool:
    """A window far beyond the line acts at once; one that is nearer waits for the mean of the last three."""
    return bool(distances) and (distances[0] > FAR or mean_of_three(distances))


def clearly_beyond(distances: Distances) -> bool:
    """The newest window lies far beyond the line, or the mean of up to three windows does clearly."""
    recent = distances[:LOOKED_BACK]
    return one_of_one(recent) and (recent[0] > FAR or mean(recent) > CLEARLY)


# By the setting `confirm_windows` of a managed model.
CONFIRMED_BY: Mapping[int, Callable[[Distances], bool]] = {1: one_of_one, 2: two_of_three, 3: far_or_mean}


def episodes(distances: Distances, confirmed: Callable[[Distances], bool]) -> int:
    """How often an alarm begins over distances in the order of time: looks that stay in alarm are one."""
    alarmed = [confirmed(distances[max(0, end - LOOKED_BACK) : end][::-1]) for end in range(1, len(distances) + 1)]
    return sum(now and not before for before, now in zip([False, *alarmed], alarmed, strict=False))


def mean(distances: Distances) -> float:
    """Of one window or more."""
    return sum(distances) / len(distances)
