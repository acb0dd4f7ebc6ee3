"""How many looks a drift takes to be acted on, by the rule that confirms it, and how far calm windows stray.

Drift begins at some look and lasts; the windows before it are calm. The score is that of the words, which triggers.
Run: python -m benchmarks.looks_delay (some minutes); writes results/looks_delay.json and the tables of
docs/monitoring.md.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import drift_docs
from benchmarks.calm_year import LOOKS, RULES, TRIGGERS
from benchmarks.corpora import SMS_CASES, Split
from benchmarks.drift import message_splits
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.looks import FAR, distance
from pipeline.records import Row

RESULTS = Path(__file__).parent / "results" / "looks_delay.json"
SPLITS, MESSAGES = 16, 200
# Windows of each split.
CALM_WINDOWS, DRIFT_WINDOWS = 150, 20
# Looks that an alarm is waited for, and beginnings that are tried for each split.
LONGEST, STARTS = 40, 60
SHOWN = ("one window", "2 of 3 windows", "mean of 3 windows", "one far window or mean of 3")


def main() -> None:
    splits, _ = message_splits(SPLITS)
    calm = _distances(splits, "no drift")
    delays = [row for case in SMS_CASES if case != "no drift" for row in _rows(case, calm, _distances(splits, case))]
    body = {"messages": MESSAGES, "splits": SPLITS, "far": FAR, "calm": _strays(calm), "delays": delays}
    RESULTS.write_text(json.dumps(body, indent=1) + "\n")
    print(json.dumps(body["calm"]))
    drift_docs.write(json.loads(drift_docs.RESULTS.read_text()), plot=None)


def _distances(splits: Sequence[Split], case: str) -> list[list[float]]:
    rng, draw = random.Random(f"{case} {MESSAGES}"), SMS_CASES[case]
    count = CALM_WINDOWS if case == "no drift" else DRIFT_WINDOWS
    return [[_distance(origin, draw(origin, MESSAGES, rng)) for _ in range(count)] for origin in splits]


def _distance(origin: Split, rows: Sequence[Row]) -> float:
    report = measure_drift(origin.profile, [str(row.input) for row in rows])
    return max(distance(getattr(report, name) or 0.0) for name in TRIGGERS)


def _strays(calm: Sequence[Sequence[float]]) -> dict[str, float]:
    """The largest calm distance, and the looks a year beyond FAR if the tail goes on exponentially."""
    expected = []
    for distances in map(np.array, calm):
        start = float(np.quantile(distances, 0.9))
        expected.append(LOOKS * 0.1 * np.exp(-(FAR - start) / (distances[distances > start] - start).mean()))
    return {
        "windows": sum(map(len, calm)),
        "largest": round(max(map(max, calm)), 2),
        "far_looks_a_year": round(float(np.mean(expected)), 2),
        "far_looks_a_year_worst_split": round(float(max(expected)), 1),
    }


def _rows(case: str, calm: Sequence[Sequence[float]], drifted: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    rows = []
    for rule in SHOWN:
        found = np.array([one for seed in range(len(calm)) for one in _delays(calm[seed], drifted[seed], rule, seed)])
        rows.append(
            {
                "case": case,
                "rule": rule,
                "median_looks": float(np.median(found)),
                "at_first": round(float((found == 1).mean()), 3),
                "by_third": round(float((found <= 3).mean()), 3),
                "not_in_forty": round(float((found > LONGEST).mean()), 3),
            }
        )
    return rows


def _delays(calm: Sequence[float], drifted: Sequence[float], rule: str, seed: int) -> list[int]:
    rng = random.Random(seed)
    return [_delay([*rng.choices(calm, k=2), *rng.choices(drifted, k=LONGEST)], rule) for _ in range(STARTS)]


def _delay(looks: list[float], rule: str) -> int:
    """The number of the drifted look that alarms, from 1; LONGEST + 1 when none does. The first two are calm."""
    alarms = (look for look in range(1, LONGEST + 1) if RULES[rule](looks[look - 1 : look + 2][::-1]))
    return next(alarms, LONGEST + 1)


if __name__ == "__main__":
    main()
