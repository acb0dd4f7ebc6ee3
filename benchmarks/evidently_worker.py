"""Runs in the environment of Evidently: reads jobs from standard input and prints what its defaults say."""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import DriftedColumnsCount, ValueDrift

NAMES = [f"feature {place}" for place in range(30)]
TEXT, NUMBERS = DataDefinition(text_columns=["text"]), DataDefinition(numerical_columns=NAMES)


def text_alarm(reference, window):
    """Whether the default for texts, a domain classifier, calls the window drifted, and in how many seconds."""
    start = time.perf_counter()
    sets = [Dataset.from_pandas(pd.DataFrame({"text": part}), data_definition=TEXT) for part in (window, reference)]
    metric = Report([ValueDrift(column="text")]).run(*sets).dict()["metrics"][0]
    return metric["value"] > metric["config"]["threshold"], time.perf_counter() - start


def numeric_alarm(rng, reference, size, shift):
    """Shares of windows in which the default calls any feature, and at least half of them, drifted."""
    rows = rng.normal(size=(size, 30))
    rows[:, :5] += shift
    sets = [
        Dataset.from_pandas(pd.DataFrame(part, columns=NAMES), data_definition=NUMBERS) for part in (rows, reference)
    ]
    value = Report([DriftedColumnsCount()]).run(*sets).dict()["metrics"][0]["value"]
    return value["count"] > 0, value["share"] >= 0.5


def main():
    warnings.filterwarnings("ignore")
    jobs = json.load(sys.stdin)
    found = {}
    for job in jobs["texts"]:
        found.setdefault((job["case"], job["messages"]), []).append(text_alarm(job["reference"], job["window"]))
    texts = [
        {
            "case": case,
            "messages": messages,
            "windows": len(runs),
            "alarm": float(np.mean([alarm for alarm, _ in runs])),
            "seconds": round(float(np.median([seconds for _, seconds in runs])), 2),
        }
        for (case, messages), runs in found.items()
    ]
    rng, numeric = np.random.default_rng(0), []
    reference = rng.normal(size=(2_000, 30))
    for case, shift in (("no drift", 0.0), ("5 of 30 by 0.5 sd", 0.5)):
        for size in jobs["numeric"]:
            runs = [numeric_alarm(rng, reference, size, shift) for _ in range(jobs["runs"])]
            any_, half = (float(np.mean(part)) for part in zip(*runs, strict=True))
            numeric.append({"case": case, "rows": size, "windows": len(runs), "any_feature": any_, "half": half})
    print(json.dumps({"texts": texts, "numeric": numeric}))


if __name__ == "__main__":
    main()
