"""How many alarms a calm year of hourly looks raises, by the rule that confirms an alarm.

The windows of a year are drawn from the measured calm windows of one split, so that a reference that is a little off
stays off the whole year.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.monitoring.looks import (
    clearly_beyond,
    distance,
    episodes,
    far_or_mean,
    mean_of_three,
    one_of_one,
    two_of_three,
)

LOOKS = 24 * 365
# Windows of 500 messages overlap too much in a pool of 1,100; reviews have larger pools.
CASES = (("messages", 100), ("messages", 200), ("Rotten Tomatoes", 200), ("IMDB", 500))
RULES: Mapping[str, Callable[[Sequence[float]], bool]] = {
    "one window": one_of_one,
    "2 of 3 windows": two_of_three,
    "mean of 3 windows": mean_of_three,
    "one far window or mean of 3": far_or_mean,
    "clearly beyond": clearly_beyond,
}
TRIGGERS = ("vocabulary_drift", "tfidf_drift")


def simulate(
    calm: Mapping[tuple[str, int], Sequence[Sequence[Mapping[str, float]]]], years: int = 2
) -> list[dict[str, Any]]:
    """Alarms a year, mean and worst over the splits: the two scores that trigger a retraining, and all of them."""
    table = []
    for source, size in CASES:
        for named, names in (("triggers", TRIGGERS), ("all", None)):
            if not calm.get((source, size)):
                continue
            by_split = [[_distance(scores, names) for scores in split] for split in calm[source, size]]
            for rule, confirmed in RULES.items():
                counts = [_alarms(split, confirmed, seed, years) for seed, split in enumerate(by_split)]
                table.append(
                    {
                        "source": source,
                        "messages": size,
                        "scores": named,
                        "rule": rule,
                        "alarms_a_year": round(float(np.mean(counts)), 1),
                        "median_split": round(float(np.median(counts)), 1),
                        "worst_split": round(float(max(counts)), 1),
                    }
                )
    return table


def _distance(scores: Mapping[str, float], names: Sequence[str] | None) -> float:
    return distance(max(score for name, score in scores.items() if names is None or name in names))


def _alarms(found: Sequence[float], confirmed: Callable[[Sequence[float]], bool], seed: int, years: int) -> float:
    rng = random.Random(seed)
    return sum(episodes(rng.choices(found, k=LOOKS), confirmed) for _ in range(years)) / years
