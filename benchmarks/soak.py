"""100,000 requests during 100 swaps, over two services on one store: does one fail, is each answer of one version?

Every answer is held against what the version that it names answers to that text; versions differ in every score. One
request in fifty is a batch, which one version must answer whole. python -m benchmarks.soak; writes results/soak.json
"""

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

from benchmarks.serving_deployment import MODEL, VERSIONS, Deployment, promote_version
from benchmarks.serving_docs import soak_text, write_page
from benchmarks.serving_servers import CLIENT_CORE, SERVER_CORE, Running, ours

RESULTS = Path(__file__).parent / "results" / "soak.json"
REQUESTS, SWAPS = 100_000, 100
BATCH_EVERY, BATCH = 50, 20
CLIENTS = 4
# Of two versions' answers to one text; they lie far further apart.
NEAR = 1e-9
HEADERS = {"x-api-key": "benchmark"}


@dataclass
class Seen:
    """What the clients have got, and what was wrong with it."""

    requests: int = 0
    predictions: int = 0
    failures: int = 0
    mixed: int = 0
    wrong: int = 0
    versions: Counter[str] = field(default_factory=Counter)


Expected = dict[str, dict[str, float]]


def expected_confidences(made: Deployment) -> Expected:
    """By tag of a version and text."""
    found: Expected = {}
    for version, model in made.compiled.items():
        answers = model.predictor().answer_many(made.texts)
        found[f"v{version}"] = {
            text: answer.score if answer.prediction else 1.0 - answer.score
            for text, answer in zip(made.texts, answers, strict=True)
        }
    return found


def keep_asking(server: Running, texts: Sequence[str], expected: Expected, seen: Seen, until: Event) -> None:
    """Ask one service until told to stop, over one connection."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=HEADERS, timeout=60) as client:
        number = 0
        while not until.is_set():
            number += 1
            asked = [texts[(number * BATCH + place) % len(texts)] for place in range(BATCH)]
            if number % BATCH_EVERY:
                asked = asked[:1]
                answer = client.post("/predict", json={"message": asked[0]})
            else:
                answer = client.post("/predict/batch", json={"messages": asked})
            seen.requests += 1
            if answer.status_code != 200:
                seen.failures += 1
                continue
            found = answer.json()
            judge(asked, found.get("predictions", [found]), expected, seen)


def judge(asked: Sequence[str], found: Sequence[dict[str, Any]], expected: Expected, seen: Seen) -> None:
    tags = {prediction["model_version"] for prediction in found}
    seen.mixed += len(tags) > 1
    seen.versions.update(tags)
    seen.predictions += len(found)
    for text, prediction in zip(asked, found, strict=True):
        seen.wrong += abs(expected[prediction["model_version"]][text] - prediction["confidence"]) > NEAR


def swap_all(made: Deployment, servers: Sequence[Running], all_seen: Sequence[Seen]) -> list[float]:
    """Swap at even shares of the requests; after each, the seconds until both services have followed."""
    lags = []
    for number in range(1, SWAPS + 1):
        while sum(seen.requests for seen in all_seen) < number * REQUESTS / (SWAPS + 1):
            time.sleep(0.005)
        version = VERSIONS[number % len(VERSIONS)]
        promote_version(made.store.control, version)
        began = time.monotonic()
        while any(_serving(server) != f"v{version}" for server in servers):
            time.sleep(0.01)
        lags.append(time.monotonic() - began)
    return lags


def _serving(server: Running) -> str:
    found = httpx.get(f"http://127.0.0.1:{server.port}/models/current", timeout=60).json()
    return str(found["models"][MODEL]["version"])


def run(made: Deployment) -> dict[str, Any]:
    bodies = [json.dumps({"message": made.texts[0]}).encode()]
    expected, began = expected_confidences(made), time.monotonic()
    poll = {"REFIT_SERVING_POLL_SECONDS": "0.2"}
    with ours(made, bodies, **poll) as one, ours(made, bodies, **poll) as other:
        all_seen, stop = [Seen() for _ in range(CLIENTS)], Event()
        threads = [
            Thread(target=keep_asking, args=((one, other)[place % 2], made.texts, expected, seen, stop))
            for place, seen in enumerate(all_seen)
        ]
        for thread in threads:
            thread.start()
        lags = swap_all(made, (one, other), all_seen)
        while sum(seen.requests for seen in all_seen) < REQUESTS:
            time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
    return {
        "at": datetime.now(UTC).isoformat(),
        "services": 2,
        "requests": sum(seen.requests for seen in all_seen),
        "predictions": sum(seen.predictions for seen in all_seen),
        "swaps": len(lags),
        "failures": sum(seen.failures for seen in all_seen),
        "batches_of_two_versions": sum(seen.mixed for seen in all_seen),
        "answers_of_another_version_than_they_name": sum(seen.wrong for seen in all_seen),
        "versions": dict(sorted(sum((seen.versions for seen in all_seen), Counter()).items())),
        "seconds_until_both_services_have_swapped": {
            "median": round(sorted(lags)[len(lags) // 2], 3),
            "longest": round(max(lags), 3),
        },
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    os.sched_setaffinity(0, SERVER_CORE | CLIENT_CORE)
    with tempfile.TemporaryDirectory() as folder:
        made = Deployment(Path(folder))
        result = run(made)
        made.store.close()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(soak_text(result))
    write_page("soak", soak_text(result))


if __name__ == "__main__":
    main()
