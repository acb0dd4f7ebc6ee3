"""Seeded kills of real processes, many of them: what was killed where, how long until all was well, what did not hold.

python -m benchmarks.reliability [--kills 200] [--seed 1] [--minutes 150] [--deployments 2]; writes
results/reliability.json and the table of docs/reliability.md. It stops at the end of its minutes and says how many
kills that was.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.reliability_docs import write_page
from pipeline.store.open import Store
from tests.faults.client import Client
from tests.faults.deployment import Deployment, copied, first_version
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import Kill, Survived, drawn, settle, survive
from tests.faults.watching import drifting

RESULTS = Path(__file__).parent / "results" / "reliability.json"


def run(home: Path, seed: int, kills: int, until: float) -> dict[str, Any]:
    """Up to so many kills of one deployment, until that moment of the steady clock."""
    survived: list[Survived] = []
    with Deployment(home) as deployment:
        store, seen = deployment.open_store(), Seen()
        with drifting(deployment, store, seed) as client:
            for number, kill in enumerate(drawn(seed, kills)):
                if time.monotonic() > until or (survived and survived[-1].violations):
                    break
                survived.append(_survive(deployment, store, client, seen, kill))
                print(json.dumps({"seed": seed, "number": number, **asdict(survived[-1])}), flush=True)
        last = _settled(deployment, store, client, seen)
        seen.look(store, MODEL)
        keys = deployment.slack.keys() if deployment.slack else []
        store.close()
    return {
        "seed": seed,
        "kills": [asdict(one) for one in survived],
        "violations_at_the_end": last,
        "predictions": client.told.predictions,
        "labels": len(client.told.labels),
        "refused": client.told.refused,
        "failed": client.told.failed,
        "decisions": len(seen.decisions),
        "promotions": seen.generation,
        "notices": len(set(keys)),
        "notices_sent_again": len(keys) - len(set(keys)),
    }


def _survive(deployment: Deployment, store: Store, client: Client, seen: Seen, kill: Kill) -> Survived:
    """One kill; that something never came back is a violation too."""
    began = time.monotonic()
    try:
        return survive(deployment, store, client, seen, kill)
    except AssertionError as error:
        return Survived(kill=kill, seconds=time.monotonic() - began, violations=(str(error),))


def _settled(deployment: Deployment, store: Store, client: Client, seen: Seen) -> list[str]:
    try:
        settle(deployment, store)
    except AssertionError as error:
        return [str(error)]
    return violations(store, MODEL, client.told, seen)


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    kills = [kill for one in runs for kill in one["kills"]]
    counted = ("predictions", "labels", "decisions", "promotions", "refused", "failed", "notices", "notices_sent_again")
    seconds = sorted(kill["seconds"] for kill in kills)
    return {
        "kills": len(kills),
        "violations": sum(len(kill["violations"]) for kill in kills)
        + sum(len(one["violations_at_the_end"]) for one in runs),
        "seconds_until_all_is_well": {"median": round(median(seconds), 1), "longest": round(seconds[-1], 1)},
        **{name: sum(one[name] for one in runs) for name in counted},
        "by_point": _by_point(kills),
    }


def _by_point(kills: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for kill in kills:
        rows.setdefault((kill["kill"]["victim"], kill["kill"]["point"]), []).append(kill)
    return [
        {
            "victim": victim,
            "point": point,
            "kills": len(found),
            "median_seconds": round(median(kill["seconds"] for kill in found), 1),
            "violations": sum(len(kill["violations"]) for kill in found),
        }
        for (victim, point), found in sorted(rows.items())
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=150.0)
    parser.add_argument("--deployments", type=int, default=2)
    given = parser.parse_args()
    began = time.monotonic()
    share = -(-given.kills // given.deployments)
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        first_version(template)
        homes = [copied(template, Path(folder) / f"home{number}") for number in range(given.deployments)]
        seeds = range(given.seed, given.seed + given.deployments)
        until = began + 60 * given.minutes
        with ThreadPoolExecutor(given.deployments) as pool:
            runs = list(pool.map(lambda one: run(one[0], one[1], share, until), zip(homes, seeds, strict=True)))
    result = {
        "at": datetime.now(UTC).isoformat(),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "summary": summary(runs),
        "runs": runs,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    write_page(result)
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    main()
