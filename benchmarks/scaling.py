"""What several processes and Ray bring on this machine: the service in processes and in replicas, search, back-filling.

The machine has few cores, so this measures what an engine costs, not how far it scales. Services of each number take
turns, so that whatever else the machine does meets all of them, and the median of their rounds counts. Run it as
`python -m benchmarks.scaling`, or with the parts that are to be measured anew; writes results/scaling.json, each part
as it is done. All but the first need requirements-ray.txt.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

import httpx
from sqlalchemy import Engine, text

from benchmarks.fleet import Traffic
from benchmarks.load import closed_loop, head_and_body
from benchmarks.serving_deployment import MODEL, Deployment
from benchmarks.serving_servers import Running, ours
from launch.ports import free_port
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.training.backends import LocalProcesses
from pipeline.training.search import search
from scaling.logs import DatabaseLog
from scaling.running import run_here, run_on_ray
from scaling.tasks import Job, report_part

RESULTS = Path(__file__).parent / "results" / "scaling.json"
CORES = os.cpu_count() or 1
PROCESSES, REPLICAS = (1, 2, 4), (1, 2)
SECONDS, CONNECTIONS, ROUNDS = 4.0, 8, 7
# As many for each deployment, so that nothing but the services differs.
CLIENTS = 4
LOG_ROWS = 500_000
PARTS = ("processes", "replicas", "search", "backfill")
SERVE_READY_SECONDS, STARTS = 300.0, 3


def speed(ports: Sequence[tuple[int, list[bytes]]], seconds: float = SECONDS) -> dict[str, float]:
    """Always as many client processes, all at once, on the addresses in turn; the sum of what they get."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        bodies = Path(folder) / "bodies"
        bodies.write_bytes(b"\n".join(request.partition(b"\r\n\r\n")[2] for request in ports[0][1]))

        def ask(port: int) -> None:
            words = ["--port", str(port), "--bodies", str(bodies), "--seconds", str(seconds)]
            words += ["--connections", str(CONNECTIONS // CLIENTS), "--sleeps"]
            done = subprocess.run([sys.executable, "-m", "benchmarks.load", *words], capture_output=True, check=True)
            found.append(json.loads(done.stdout))

        threads = [Thread(target=ask, args=(ports[number % len(ports)][0],)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == CLIENTS, "a client ended with an error"
    return {
        "requests_per_second": sum(one["requests_per_second"] for one in found),
        "p99_ms": max(one["p99_ms"] for one in found),
        "failures": sum(one["failures"] for one in found),
    }


def of_rounds(rounds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Medians of the rounds, all failures, and the speed of each round in order of size."""
    return {
        "requests_per_second": median(one["requests_per_second"] for one in rounds),
        "p99_ms": median(one["p99_ms"] for one in rounds),
        "failures": sum(one["failures"] for one in rounds),
        "rounds": sorted(round(one["requests_per_second"]) for one in rounds),
    }


def in_processes(made: Deployment, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[dict[str, Any]]:
    """The service in so many processes on one store, on the cores of its clients; the numbers take turns."""
    found: dict[int, list[dict[str, float]]] = {count: [] for count in PROCESSES}
    for _ in range(rounds):
        for count in PROCESSES:
            found[count].append(_round_of(made, count, seconds))
    return [{"processes": count, **of_rounds(measured)} for count, measured in found.items()]


def _round_of(made: Deployment, count: int, seconds: float) -> dict[str, float]:
    with ExitStack() as stack:
        servers: list[Running] = [stack.enter_context(ours(made, bodies_of(made))) for _ in range(count)]
        for server in servers:
            _unpin(server.process)
            closed_loop(server.port, server.requests, CONNECTIONS, 1.0)
        return speed([(server.port, server.requests) for server in servers], seconds)


def bodies_of(made: Deployment) -> list[bytes]:
    return [json.dumps({"message": message}).encode() for message in made.texts]


def _unpin(process: int) -> None:
    """Let every thread of a server use all cores."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), range(CORES))


def in_replicas(made: Deployment) -> list[dict[str, Any]]:
    """The same application behind Ray Serve's proxy."""
    found = []
    for count in REPLICAS:
        with _replicas(made, count) as port:
            requests = [head_and_body("/predict", body, port) for body in bodies_of(made)]
            closed_loop(port, requests, CONNECTIONS, 1.0)
            found.append({"replicas": count, **of_rounds([speed([(port, requests)]) for _ in range(ROUNDS)])})
    return found


@contextmanager
def _replicas(made: Deployment, count: int) -> Iterator[int]:
    port = free_port()
    process = _started(made, port, count)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _started(made: Deployment, port: int, count: int) -> "subprocess.Popen[bytes]":
    """Ray gives its own node half a minute to start, which a busy machine exceeds: then it is started again."""
    words = ["serve", "--port", str(port), "--least", str(count), "--most", str(count)]
    words += ["--cpus", str(CORES / max(REPLICAS) / 2)]  # so that all of them find room, and tasks beside them
    for _ in range(STARTS):
        process = subprocess.Popen(
            [sys.executable, "-m", "scaling", *words], env={**os.environ, "REFIT_HOME": str(made.settings.root)}
        )
        deadline = time.monotonic() + SERVE_READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(port):
                return process
            time.sleep(0.2)
        process.terminate()
        process.wait()
    raise RuntimeError("the replicas do not answer")


def _answers(port: int) -> bool:
    try:
        body = {"message": "are you there"}
        return httpx.post(f"http://127.0.0.1:{port}/predict", json=body, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def searched(made: Deployment) -> dict[str, float]:
    """Seconds of the candidate search of the main model, in processes and on a cluster with as many CPUs."""
    from pipeline.training.ray_cluster import RayCluster

    spec = managed_model(MODEL)
    rows = assign_homes(spec.load(made.settings)).train
    backends = {"local": LocalProcesses(CORES), "ray": RayCluster(address=None, processes=CORES)}
    found = {}
    for name, backend in backends.items():
        began = time.perf_counter()
        search(rows, spec.candidates, spec.search, backend, lambda done, total, what: None)
        found[f"{name}_seconds"] = time.perf_counter() - began
    return found


def backfilled(made: Deployment) -> dict[str, float]:
    """Seconds of the drift reports of a log, in one process and on a cluster, and the bytes of a row of it."""
    champion = pointer(made.store.control, MODEL)
    assert champion is not None
    path = artifact_path(made.settings.artifact_dir, MODEL, champion.artifact_sha256)
    artifact = load_artifact(path, champion.artifact_sha256)
    traffic = Traffic(made.store, artifact, made.texts)
    before = _bytes_of(made.store.telemetry)
    for _ in range(LOG_ROWS // 5_000):
        traffic.log(MODEL, 5_000, datetime.now(UTC))
    row_bytes = (_bytes_of(made.store.telemetry) - before) / LOG_ROWS
    log = DatabaseLog(made.settings.telemetry_address)
    parts = log.parts(MODEL, champion.version, managed_model(MODEL).monitoring.window_rows)
    job = Job(log=log, model=MODEL, version=champion.version, content=path.read_bytes(), models_dir=None)
    task, found = partial(report_part, job), {"rows": float(sum(part.rows for part in parts)), "row_bytes": row_bytes}
    for name in ("local", "ray"):
        began = time.perf_counter()
        done = list(run_here(task, parts) if name == "local" else run_on_ray(task, parts, None, CORES))
        assert len(done) == len(parts)
        found[f"{name}_seconds"] = time.perf_counter() - began
    return found


def _bytes_of(engine: Engine) -> int:
    """What an SQLite database takes, with its indexes."""
    with engine.connect() as connection:
        pages, size = (connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("page_count", "page_size"))
    return int(pages or 0) * int(size or 0)


def about() -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    load = os.getloadavg()[0]
    return {
        "at": at,
        "cores": CORES,
        "load_before": load,
        "nice": nice,
        "connections": CONNECTIONS,
        "clients": CLIENTS,
    }


def _known(name: str) -> Any:
    return json.loads(RESULTS.read_text()).get(name) if RESULTS.exists() else None


def save(name: str, found: Any) -> None:
    """Keep a part beside those that were measured before."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(known | {name: found}, indent=1) + "\n")
    print(name, found, flush=True)


def measure(parts: Sequence[str]) -> None:
    ways: dict[str, Callable[[Deployment], Any]] = {
        "processes": in_processes,
        "replicas": in_replicas,
        "search": searched,
        "backfill": backfilled,
    }
    for name in parts:
        described = about()
        # A deployment for each part: what the services of one part log would be back-filled by another.
        with tempfile.TemporaryDirectory() as folder:
            made = Deployment(Path(folder))
            found = ways[name](made)
            made.store.close()
        save("about", (_known("about") or {}) | {name: described})
        save(name, found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    chosen = parser.parse_args().parts
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    measure(chosen or (PARTS if find_spec("ray") else PARTS[:1]))


if __name__ == "__main__":
    main()
