"""Which messages of a window are worth labelling, in order: strata by the risk that the answer is wrong.

Labels buy most where errors are likely, but some must go to safe-looking answers too, or nothing is known of those.
Inside a stratum the choice is by chance, so that it says something about the messages that were not chosen.
Pure: no clock, no files, no model calls.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.monitoring.distances import Floats, Ints

# The riskiest 15% of a window get half of the labels, the next 25% get 30%, the other 60% the rest.
WINDOW_SHARES = (0.15, 0.25, 0.60)
LABEL_SHARES = (0.50, 0.30, 0.20)


def strata_of(p_correct: Floats, ids: Sequence[str]) -> Ints:
    """The stratum 0, 1 or 2 of each message, (n,); 0 is the riskiest. Equal risks are ordered by chance."""
    order = np.lexsort((lots(ids), p_correct))
    ends = np.round(np.cumsum(WINDOW_SHARES) * len(ids)).astype(np.int64)
    strata = np.empty(len(ids), dtype=np.int64)
    strata[order] = np.searchsorted(ends, np.arange(len(ids)), side="right").clip(max=len(WINDOW_SHARES) - 1)
    return strata


def queue_order(strata: Ints, ids: Sequence[str], taken: NDArray[np.bool_], chosen: Ints) -> list[int]:
    """The places of the messages still to label, the next one first.

    `taken` (n,) marks messages out of the question; `chosen` (3,) counts the labels that each stratum has got already.
    The next label goes to the stratum that is furthest behind its share.
    """
    chance = lots(ids)
    waiting = [_drawn(np.flatnonzero((strata == stratum) & ~taken), chance) for stratum in range(len(LABEL_SHARES))]
    given = chosen.astype(np.float64)
    order: list[int] = []
    while any(waiting):
        behind = [
            (given.sum() + 1) * share - given[stratum] if waiting[stratum] else -np.inf
            for stratum, share in enumerate(LABEL_SHARES)
        ]
        stratum = int(np.argmax(behind))
        order.append(waiting[stratum].pop())
        given[stratum] += 1
    return order


def _drawn(places: Ints, chance: NDArray[np.uint64]) -> list[int]:
    """The places so that `pop` draws them by chance."""
    drawn: list[int] = places[np.argsort(chance[places])[::-1]].tolist()
    return drawn


def lots(ids: Sequence[str]) -> NDArray[np.uint64]:
    """A number by chance for each id, (n,): the same id draws the same number in every window that it is part of."""
    return np.array([int.from_bytes(hashlib.sha256(i.encode()).digest()[:8], "big") for i in ids], dtype=np.uint64)
