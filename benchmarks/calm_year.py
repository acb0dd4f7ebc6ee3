"""How many alarms a calm year of hourly looks raises, by the rule that confirms an alarm.

The windows of a year are drawn from the measured calm windows of one split, so that a reference that is a little off
stays off the whole year.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.monitoring.drift import DriftReport
from pipeline.monitoring.looks import episodes, mean_of_three, one_of_one, two_of_three

LOOKS = 24 * 365
# Windows of 500 messages overlap too much in a pool of 1,100; reviews have a pool of 5,000.
CASES = (("messages", 100), ("messages", 200), ("Rotten Tomatoes", 200), ("Rotten Tomatoes", 500))
RULES: Mapping[str, Callable[[Sequence[float]], bool]] = {
    "one window": one_of_one,
    "2 of 3 windows": two_of_three,
    "mean of 3 windows": mean_of_three,
}


def simulate(calm: Mapping[tuple[str, int], Sequence[Sequence[DriftReport]]], years: int = 3) -> list[dict[str, Any]]:
    """Alarms a year, mean and worst over the splits: the words alone, as they trigger, and all four scores."""
    table = []
    for source, size in CASES:
        for scores, names in (
            ("words", ("vocabulary_drift", "tfidf_drift")),
            ("all", ("vocabulary_drift", "tfidf_drift", "score_shift", "spam_part_novelty")),
        ):
            by_split = [[max(getattr(r, name) or 0.0 for name in names) for r in split] for split in calm[source, size]]
            for rule, confirmed in RULES.items():
                counts = [_alarms(split, confirmed, seed, years) for seed, split in enumerate(by_split)]
                table.append(
                    {
                        "source": source,
                        "messages": size,
                        "scores": scores,
                        "rule": rule,
                        "alarms_a_year": round(float(np.mean(counts)), 1),
                        "median_split": round(float(np.median(counts)), 1),
                        "worst_split": round(float(max(counts)), 1),
                    }
                )
    return table


def _alarms(scores: Sequence[float], confirmed: Callable[[Sequence[float]], bool], seed: int, years: int) -> float:
    rng = random.Random(seed)
    return sum(episodes(rng.choices(scores, k=LOOKS), confirmed) for _ in range(years)) / years
