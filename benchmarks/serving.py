"""Speed of the prediction service beside a FastAPI route that does nothing, scikit-learn and other servers.

One interleaved run: every server listens on one core, the client runs on the other; short rounds alternate, so that
whatever else the machine does meets all of them, and the best round of each counts. Peers live in environments of their
own (see serving_peers.py); one that is missing is left out and said so. python -m benchmarks.serving [--rounds N]
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.disturbers import KINDS, beside
from benchmarks.load import closed_loop, fixed_rate
from benchmarks.serving_deployment import Deployment
from benchmarks.serving_docs import table_text, write_page
from benchmarks.serving_peers import PEERS
from benchmarks.serving_servers import (
    CLIENT_CORE,
    OURS,
    SERVER_CORE,
    Running,
    floor,
    ours,
    peer,
    proportional_mb,
    resident_mb,
)

RESULTS = Path(__file__).parent / "results" / "serving.json"
CONNECTIONS = 8
RATE, RATE_CONNECTIONS, RATE_SECONDS, KIND_SECONDS = 1_000, 32, 6.0, 4.0


def compared(
    made: Deployment, bodies: Sequence[bytes], rounds: int, seconds: float
) -> tuple[dict[str, Any], list[str]]:
    """The best round of every server, and the peers that were left out."""
    left_out: list[str] = []
    with ExitStack() as stack:
        servers = [stack.enter_context(floor(made, bodies)), stack.enter_context(ours(made, bodies))]
        for described in PEERS:
            try:
                servers.append(stack.enter_context(peer(made, described, bodies)))
            except (OSError, RuntimeError) as error:
                left_out.append(f"{described.name}: {error}")
        found = _rounds(servers, rounds, seconds)
        return {server.name: _best(server, found[server.name]) for server in servers}, left_out


def _rounds(servers: Sequence[Running], rounds: int, seconds: float) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {server.name: [] for server in servers}
    for number in range(rounds + 1):
        for server in servers:
            result = closed_loop(server.port, server.requests, CONNECTIONS, seconds)
            if number:  # the first round warms up
                found[server.name].append(result)
    return found


def _best(server: Running, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    best = max(found, key=lambda result: float(result["requests_per_second"]))
    speeds = sorted(round(result["requests_per_second"]) for result in found)
    memory = {"resident_mb": resident_mb(server.process), "proportional_mb": proportional_mb(server.process)}
    return {**best, "rounds": speeds, "ready_seconds": server.ready_seconds, **memory}


def under_pressure(made: Deployment, bodies: Sequence[bytes]) -> dict[str, Any]:
    """1,000 requests a second: alone, beside clients that misbehave, and with batches of 1,000 and swaps.

    What the route that does nothing takes at that rate is what machine and client take by themselves.
    """
    with floor(made, bodies) as nothing:
        closed_loop(nothing.port, nothing.requests, CONNECTIONS, 1.0)
        does_nothing = _at_rate(nothing)
    with ours(
        made, bodies, REFIT_SERVING_HEAD_SECONDS="2", REFIT_SERVING_BODY_SECONDS="2", REFIT_SERVING_POLL_SECONDS="0.2"
    ) as server:
        port, home, texts = str(server.port), str(made.settings.root), str(made.texts_file)
        closed_loop(server.port, server.requests, CONNECTIONS, 1.0)
        alone = _at_rate(server)
        each = dict(_beside_each(server))
        with beside("crowd", port, ",".join(KINDS)) as crowd:
            crowded = _at_rate(server)
        with beside("swaps", port, home, texts) as swaps:
            pressed = _at_rate(server)
    return {
        "route_that_does_nothing": does_nothing,
        "alone": alone,
        "with_each_kind_of_misbehaving_clients": each,
        "with_misbehaving_clients": crowded | crowd,
        "with_batches_and_swaps": pressed | swaps,
    }


def _beside_each(server: Running) -> Iterator[tuple[str, dict[str, Any]]]:
    """What other callers see beside one kind of misbehaving clients after the other."""
    for kind in KINDS:
        with beside("crowd", str(server.port), kind) as crowd:
            measured = _at_rate(server, KIND_SECONDS)
        yield kind, measured | {"clients": crowd[kind]}


def _at_rate(server: Running, seconds: float = RATE_SECONDS) -> dict[str, Any]:
    return fixed_rate(server.port, server.requests, RATE_CONNECTIONS, seconds, RATE)


def batches(made: Deployment, rounds: int) -> dict[str, float]:
    """Milliseconds for 1,000 messages, best round: the predictor, with explanations, and scikit-learn's pipeline."""
    texts = (made.texts * 2)[:1_000]
    predictor = made.model.compiled().predictor()
    ways: dict[str, Callable[[], object]] = {
        "answer_many": lambda: predictor.answer_many(texts),
        "explain_each": lambda: [predictor.explain(text) for text in texts],
        "scikit_learn_pipeline": lambda: made.pipeline.decision_function(texts),
    }
    return {name: min(_milliseconds(way) for _ in range(rounds)) for name, way in ways.items()}


def _milliseconds(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one round")
    parser.add_argument("--part", choices=["all", "speed", "pressure"], default="all", help="measure this anew")
    chosen = parser.parse_args()
    os.sched_setaffinity(0, SERVER_CORE | CLIENT_CORE)
    result: dict[str, Any] = json.loads(RESULTS.read_text()) if chosen.part != "all" and RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        made = Deployment(Path(folder))
        bodies = [json.dumps({"message": text}).encode() for text in made.texts]
        if chosen.part != "pressure":
            result |= {"batch_of_1000_ms": batches(made, 5)} | speeds(made, bodies, chosen.rounds, chosen.seconds)
        if chosen.part != "speed":
            os.sched_setaffinity(0, CLIENT_CORE)
            result["pressure"] = under_pressure(made, bodies)
        made.store.close()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result.get("ratios")))
    if "pressure" in result and "servers" in result:
        write_page("measured", table_text(result))


def speeds(made: Deployment, bodies: Sequence[bytes], rounds: int, seconds: float) -> dict[str, Any]:
    os.sched_setaffinity(0, CLIENT_CORE)
    servers, left_out = compared(made, bodies, rounds, seconds)
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "connections": CONNECTIONS,
        "rounds": rounds,
        "seconds": seconds,
        "servers": servers,
        "ratios": ratios(servers),
        "left_out": left_out,
    }


def machine() -> str:
    real_time = ", with real-time priority" if os.sched_getscheduler(0) == os.SCHED_FIFO else ""
    return f"one core for the servers, one for the client, of {os.cpu_count()} shared{real_time}"


def ratios(servers: dict[str, Any]) -> dict[str, float]:
    """How many times as many requests as each other server the service answers."""
    speed = servers[OURS]["requests_per_second"]
    return {name: round(speed / row["requests_per_second"], 2) for name, row in servers.items() if name != OURS}


if __name__ == "__main__":
    main()
