"""When repeated looks add up to an alarm: rules over the scores of disjoint windows, newest first.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Callable, Sequence

from pipeline.monitoring.scale import z_of

LOOKED_BACK = 3
# A reference is a little off by itself, in the same direction in every window; a mean needs this much room for it.
CLEARLY = 1.25
THRESHOLD = 0.15


def one_of_one(scores: Sequence[float], threshold: float = THRESHOLD) -> bool:
    """The newest window breaches."""
    return bool(scores) and scores[0] > threshold


def two_of_three(scores: Sequence[float], threshold: float = THRESHOLD) -> bool:
    """The newest window breaches, and one of the two before it did."""
    recent = scores[:LOOKED_BACK]
    return one_of_one(recent, threshold) and sum(score > threshold for score in recent) >= 2


def mean_of_three(scores: Sequence[float], threshold: float = THRESHOLD) -> bool:
    """The newest window breaches, and the mean distance of the last three lies clearly beyond the line.

    Chance scatters a mean less than a single window, so this raises a hundredth of the false alarms of two of three.
    What is half as far again beyond the line is found as surely. A single window, however far out, waits for a second.
    """
    recent = scores[:LOOKED_BACK]
    if len(recent) < 2 or not one_of_one(recent, threshold):
        return False
    return sum(map(z_of, recent)) / len(recent) > CLEARLY * z_of(threshold)


def episodes(scores: Sequence[float], confirmed: Callable[[Sequence[float]], bool]) -> int:
    """How often an alarm begins over scores in the order of time: looks that stay in alarm are one."""
    alarmed = [confirmed(scores[max(0, end - LOOKED_BACK) : end][::-1]) for end in range(1, len(scores) + 1)]
    return sum(now and not before for before, now in zip([False, *alarmed], alarmed, strict=False))
