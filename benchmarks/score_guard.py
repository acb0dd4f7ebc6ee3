"""Whether a limit on the distance of scores tells healthy versions of sms_numeric from broken ones.

`python -m benchmarks.score_guard [--seeds 3]` prints a row for each challenger, compared with its champion on 500
messages of the live pool as a rollout compares them; docs/decisions/0011 was decided by them. It takes many minutes.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pipeline.catalog import managed_model
from pipeline.data.homes import Homes, assign_homes
from pipeline.records import Row
from pipeline.releases.rollout import ks_distance
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import evaluate_on, fit
from pipeline.training.search import search

SPEC = managed_model("sms_numeric")
SEARCH = SearchRules(folds=5, repeats=1)
BACKEND = LocalProcesses(1)
REQUESTS, SHARE, JOINING, WEIGHT = 500, 0.9, (100, 300), 2.0
MODEL_SEED = 7

Change = Callable[[Row, random.Random], Row]


def flipped(share: float, *labels: int) -> Change:
    """So large a share of the rows with these labels gets the other label."""
    return lambda row, rng: Row(row.input, 1 - row.label) if row.label in labels and rng.random() < share else row


def rewritten(change: Callable[[str], str]) -> Change:
    return lambda row, rng: Row(change(str(row.input)), row.label)


def first_half(message: str) -> str:
    words = message.split()
    return " ".join(words[: max(1, len(words) // 2)])


BROKEN: dict[str, Change] = {
    **{f"{share:.0%} of the labels flipped": flipped(share, 0, 1) for share in (0.1, 0.2, 0.3, 0.5)},
    "half of the spam called ham": flipped(0.5, 1),
    "a fifth of the ham called spam": flipped(0.2, 0),
    "trained on half of each message": rewritten(first_half),
    "trained in lower case": rewritten(str.lower),
    "trained without digits": rewritten(lambda text: "".join(one for one in text if not one.isdigit())),
}


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches the search."""


def found(rows: Sequence[Row], weights: Any = None) -> list[Any]:
    """The trials of a search, best first."""
    return list(search(rows, SPEC.candidates, SEARCH, BACKEND, quiet, weights))


def fitted(trial: Any, rows: Sequence[Row], weights: Any = None) -> Any:
    return fit(trial, rows, MODEL_SEED, SPEC.feature_names, weights)


def challengers(homes: Homes, seed: int) -> Iterator[dict[str, Any]]:
    """Each challenger of one division of the messages, beside the champion of that division."""
    rng = random.Random(seed)
    live, base = rng.sample(homes.live, len(homes.live)), list(homes.train)
    traffic, joining = [row.input for row in live[:REQUESTS]], live[REQUESTS:]
    part = rng.sample(base, int(len(base) * SHARE))
    best, *others = found(part)
    champion = fitted(best, part)

    def beside(kind: str, model: Any) -> dict[str, Any]:
        ours, theirs = champion.scores(traffic), model.scores(traffic)
        distance = ks_distance(tuple(map(float, theirs)), tuple(map(float, ours)))
        otherwise = float(np.mean((ours >= champion.threshold) != (theirs >= model.threshold)))
        f1 = evaluate_on(model, homes.holdout)[0].f1
        return {"seed": seed, "challenger": kind, "distance": distance, "answers_otherwise": otherwise, "f1": f1}

    for count in (*JOINING, len(joining)):
        rows, weights = base + joining[:count], np.array([1.0] * len(base) + [WEIGHT] * count)
        yield beside(f"healthy: {count} live rows joined", fitted(found(rows, weights)[0], rows, weights))
    for trial in others:
        yield beside("healthy: other parameters", fitted(trial, part))
    for kind, change in BROKEN.items():
        rows = [change(row, rng) for row in base]
        yield beside(f"broken: {kind}", fitted(found(rows)[0], rows))
    few = rng.sample(base, 200)
    yield beside("broken: trained on 200 rows", fitted(found(few)[0], few))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    homes = assign_homes(SPEC.load(PipelineSettings()))
    for seed in range(parser.parse_args().seeds):
        for row in challengers(homes, seed):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
