"""What the demonstration sends: calm traffic, then traffic in which part of the messages are a new spam campaign.

Pure: the random generator is an argument.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.data.campaigns import mixed_campaigns
from pipeline.records import Row

WINDOW = 500
FRESH = 120
CAMPAIGN_SHARE = 0.30
LABELLED_SHARE = 0.60


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Three bursts of different messages; with drift, `second` and `fresh` have campaign messages mixed in.

    `load` is what the background client repeats while the agent works.
    """

    calm: tuple[Row, ...]
    second: tuple[Row, ...]
    fresh: tuple[Row, ...]
    load: tuple[Row, ...]
    campaign_share: float
    example: str | None


def scenario(live: Sequence[Row], *, drifts: bool, rng: random.Random) -> Scenario:
    """Deal the live pool out to the bursts. Raises ValueError when the pool is too small for them."""
    share = CAMPAIGN_SHARE if drifts else 0.0
    new = {size: round(size * share) for size in (WINDOW, FRESH)}
    pool = list(live)
    rng.shuffle(pool)
    needed = 2 * WINDOW - new[WINDOW] + FRESH - new[FRESH]
    if len(pool) < needed:
        raise ValueError(f"The live pool has {len(pool)} messages; the demonstration needs {needed}.")
    spam = [Row(text, 1) for text in mixed_campaigns(2 * new[WINDOW] + new[FRESH], rng)]
    calm, example = _take(pool, WINDOW), str(spam[0].input) if spam else None
    return Scenario(
        calm=calm,
        second=_mixed(_take(pool, WINDOW - new[WINDOW]), _take(spam, new[WINDOW]), rng),
        fresh=_mixed(_take(pool, FRESH - new[FRESH]), _take(spam, new[FRESH]), rng),
        load=_mixed(calm[: WINDOW - new[WINDOW]], _take(spam, new[WINDOW]), rng),
        campaign_share=share,
        example=example,
    )


def labelled(count: int, rng: random.Random) -> list[int]:
    """The positions of the messages whose true class somebody reports."""
    return sorted(rng.sample(range(count), round(count * LABELLED_SHARE)))


def _take(rows: list[Row], count: int) -> tuple[Row, ...]:
    taken = tuple(rows[:count])
    del rows[:count]
    return taken


def _mixed(first: Sequence[Row], second: Sequence[Row], rng: random.Random) -> tuple[Row, ...]:
    rows = [*first, *second]
    rng.shuffle(rows)
    return tuple(rows)
