"""How long answers took, as counts in fixed buckets: those of many minutes and processes add up, percentiles do not.

Pure: no clock, no files. The buckets are those of OpenTelemetry's exponential histogram (and of Prometheus' native one)
at scale 3: bucket i holds what took more than 2^(i/8) and up to 2^((i+1)/8) milliseconds, so a percentile read from
them is less than a tenth off.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

PER_DOUBLING = 8
# From 8 microseconds to 65 seconds; what is quicker or slower is counted at the end.
FIRST, LAST = -7 * PER_DOUBLING, 16 * PER_DOUBLING - 1
NANOSECONDS = 1e6

# The most nanoseconds of each bucket but the last, to be searched by `bisect_left`: its place is index - FIRST.
MOST_NANOSECONDS = tuple(int(NANOSECONDS * 2 ** ((index + 1) / PER_DOUBLING)) for index in range(FIRST, LAST))
PLACES = LAST - FIRST + 1

# Answers by the index of their bucket; buckets that hold none are left out.
Buckets = Mapping[int, int]


def buckets_of(counts: Iterable[int]) -> Buckets:
    """The buckets of counts by place."""
    return {place + FIRST: number for place, number in enumerate(counts) if number}


def added(several: Iterable[Buckets]) -> Buckets:
    """The buckets of all of them together."""
    total: defaultdict[int, int] = defaultdict(int)
    for buckets in several:
        for index, number in buckets.items():
            total[index] += number
    return dict(total)


def percentile_ms(buckets: Buckets, share: float) -> float | None:
    """The time, in milliseconds, that `share` (0 to 1) of the answers took at most; None without answers.

    Within a bucket they are taken to lie evenly on its logarithmic scale, as Prometheus reads its native histograms.
    """
    wanted, below = share * sum(buckets.values()), 0
    for index, number in sorted(buckets.items()):
        if below + number >= wanted:
            return float(2 ** ((index + (wanted - below) / number) / PER_DOUBLING))
        below += number
    return None
