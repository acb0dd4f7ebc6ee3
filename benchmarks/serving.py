"""Speed of the prediction service beside a FastAPI route that does nothing, scikit-learn and other servers.

One interleaved run: every server listens on one core, the client runs on the other; short rounds alternate, so that
whatever else the machine does meets all of them, and the best round of each counts. Peers live in environments of their
own (see serving_peers.py); one that is missing is left out and said so. python -m benchmarks.serving [--rounds N]
"""

import argparse
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import joblib
from sklearn.pipeline import make_pipeline

from benchmarks.load import closed_loop, fixed_rate, head_and_body
from benchmarks.serving_peers import FLOOR, PEERS, Peer
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.gate.rules import Verdict, VerdictStatus
from pipeline.gate.verdicts import save_verdict
from pipeline.monitoring.profile import build_profile
from pipeline.releases.promotion import pointer, promote
from pipeline.served.artifact import pack, save_artifact
from pipeline.settings import PipelineSettings
from pipeline.store import control as tables
from pipeline.store.engine import writing
from pipeline.store.open import open_store
from pipeline.training.fitting import train

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "serving.json"
PAGE = ROOT / "docs" / "serving.md"
MODEL = "sms_spam"
FLOOR_NAME, OURS = "FastAPI route that does nothing", "Refit, everything on"
CONNECTIONS = 8
SERVER_CORE, CLIENT_CORE = {0}, {1}
READY_SECONDS = 60
EVERYTHING_ON = {
    "REFIT_SERVING_PREDICTION_KEYS": '["benchmark"]',
    "REFIT_SERVING_RATE_PER_SECOND": "1000000",
    "REFIT_SERVING_RATE_BURST": "1000000",
    "REFIT_SERVING_POLL_SECONDS": "0.2",
}


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that listens, and the requests that it understands."""

    name: str
    port: int
    path: str
    requests: list[bytes]
    process: int
    ready_seconds: float


class Deployment:
    """A trained champion in a folder, in the forms that the servers take, and a second version to swap with."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.settings = PipelineSettings(home=folder / "home", data_dir=PipelineSettings().data_dir)
        spec = managed_model(MODEL)
        homes = assign_homes(spec.load(self.settings))
        self.texts = [str(row.input) for row in homes.live]
        self.model = train(spec, homes.train, processes=2, progress=lambda done, total, what: None).model
        self.store = open_store(self.settings)
        compiled, profile = self.model.compiled(), build_profile([str(row.input) for row in homes.train], seed=1)
        for version in (1, 2):
            self._add_version(version, pack(compiled, profile, {"version": version}))
        self.promote(1)
        self.pipeline = make_pipeline(self.model.featuriser, self.model.estimator)
        joblib.dump(self.pipeline, folder / "pipeline.joblib")
        (folder / "compiled.pickle").write_bytes(pickle.dumps(compiled))

    def _add_version(self, version: int, content: bytes) -> None:
        row = {
            "model": MODEL,
            "version": version,
            "artifact_sha256": save_artifact(self.settings.artifact_dir, MODEL, content),
            "artifact_bytes": len(content),
            "trained_at": datetime.now(UTC),
            "training_rows": 1,
            "training_rows_sha256": "0" * 64,
        }
        with writing(self.store.control).begin() as connection:
            connection.execute(tables.versions.insert().values(**row))

    def promote(self, version: int) -> None:
        now, current = datetime.now(UTC), pointer(self.store.control, MODEL)
        passed = save_verdict(
            self.store.control,
            model=MODEL,
            version=version,
            champion_version=current.version if current else None,
            verdict=Verdict(status=VerdictStatus.PASSED, results=()),
            at=now,
        )
        promote(
            self.store.control,
            model=MODEL,
            version=version,
            verdict_id=passed.verdict_id,
            expected_generation=current.generation if current else 0,
            who="benchmark",
            why="measuring",
            now=now,
        )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def started(
    name: str, command: list[str], port: int, path: str, bodies: Sequence[bytes], **environment: str
) -> Iterator[Running]:
    """A server on its core, once it answers a request."""
    with (Path(tempfile.gettempdir()) / "refit-benchmark-servers.log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORE),
        )
    try:
        requests = [head_and_body(path, body, port) for body in bodies]
        _wait_until_it_answers(port, requests[0], process)
        ready = time.perf_counter() - began
        yield Running(name=name, port=port, path=path, requests=requests, process=process.pid, ready_seconds=ready)
    finally:
        for started_by_it in [*_children(process.pid), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(started_by_it, signal.SIGKILL)
        process.wait()


def _children(process: int) -> list[int]:
    """Every process below one, whatever session it is in."""
    with suppress(OSError):
        direct = [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
        return [child for one in direct for child in (*_children(one), one)]
    return []


def _wait_until_it_answers(port: int, request: bytes, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request)
                if connection.recv(100)[9:12] == b"200":
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError("the server does not answer; see refit-benchmark-servers.log in the temporary folder")


def ours(made: Deployment, bodies: Sequence[bytes]) -> Any:
    port = free_port()
    command = [sys.executable, "-m", "serving", "--port", str(port)]
    home = {"REFIT_HOME": str(made.settings.root)}
    return started(OURS, command, port, "/predict", bodies, **home, **EVERYTHING_ON)


def peer(made: Deployment, described: Peer, bodies: Sequence[bytes]) -> Any:
    """Raises FileNotFoundError when the peer's environment is not there."""
    program = made.folder / f"peer_{abs(hash(described.name))}.py"
    program.write_text(described.program)
    port = free_port()
    environment = ROOT / "var" / "bench-env" / str(described.environment) / "bin"
    python = environment / "python" if described.environment else Path(sys.executable)
    if not python.exists():
        raise FileNotFoundError(f"{described.name}: no environment {environment.parent}")
    command = [str(python), str(program), str(made.folder), str(port)]
    if described.bento:
        command = [str(environment / "bentoml"), "serve", f"{program.stem}:Spam", "--port", str(port)]
        command += ["--working-dir", str(made.folder)]
    if not described.v2:
        return started(described.name, command, port, "/predict", bodies, MODEL_DIR=str(made.folder))
    return started(described.name, command, port, "/v2/models/m/infer", [as_v2(body) for body in bodies])


def as_v2(body: bytes) -> bytes:
    text = json.loads(body)["message"]
    return json.dumps({"inputs": [{"name": "t", "shape": [1], "datatype": "BYTES", "data": [text]}]}).encode()


def compared(
    made: Deployment, bodies: Sequence[bytes], rounds: int, seconds: float
) -> tuple[dict[str, Any], list[str]]:
    """The best round of every server, and the peers that were left out."""
    left_out: list[str] = []
    with ExitStack() as stack:
        floor_program = made.folder / "floor.py"
        floor_program.write_text(FLOOR)
        port = free_port()
        command = [sys.executable, str(floor_program), str(made.folder), str(port)]
        servers = [stack.enter_context(started(FLOOR_NAME, command, port, "/predict", bodies))]
        servers.append(stack.enter_context(ours(made, bodies)))
        for described in PEERS:
            try:
                servers.append(stack.enter_context(peer(made, described, bodies)))
            except (OSError, RuntimeError) as error:
                left_out.append(f"{described.name}: {error}")
        found: dict[str, list[dict[str, Any]]] = {server.name: [] for server in servers}
        for number in range(rounds + 1):
            for server in servers:
                result = closed_loop(server.port, server.requests, CONNECTIONS, seconds)
                if number:  # the first round warms up
                    found[server.name].append(result)
        table = {
            server.name: max(found[server.name], key=lambda r: r["requests_per_second"])
            | {"ready_seconds": server.ready_seconds, "resident_mb": resident_mb(server.process)}
            for server in servers
        }
    return table, left_out


def resident_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def under_pressure(made: Deployment, bodies: Sequence[bytes], seconds: float) -> dict[str, Any]:
    """1,000 requests a second, alone, and while batches of 1,000 and swaps run at the same time."""
    with ours(made, bodies) as server:
        closed_loop(server.port, server.requests, CONNECTIONS, 1.0)
        alone = fixed_rate(server.port, server.requests, 32, seconds, 1_000)
        with ThreadPoolExecutor(1) as thread:
            stop: list[bool] = []
            disturbing = thread.submit(disturb, made, server.port, stop)
            pressed = fixed_rate(server.port, server.requests, 32, seconds, 1_000)
            stop.append(True)
            counts = disturbing.result()
    return {"alone": alone, "with_batches_and_swaps": pressed | counts}


def disturb(made: Deployment, port: int, stop: list[bool]) -> dict[str, int]:
    messages = (made.texts * 2)[:1_000]
    batches = swaps = 0
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"x-api-key": "benchmark"}, timeout=30) as client:
        while not stop:
            made.promote(2 if swaps % 2 == 0 else 1)
            swaps += 1
            client.post("/predict/batch", json={"messages": messages}).raise_for_status()
            batches += 1
            time.sleep(0.2)
    return {"batches": batches, "swaps": swaps}


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


def table_text(result: dict[str, Any]) -> str:
    """The measured part of docs/serving.md."""
    servers, floor = result["servers"], result["servers"][FLOOR_NAME]["requests_per_second"]
    lines = ["| server | requests/s | of the floor | p50 ms | p99 ms | resident MB |", "|---|---|---|---|---|---|"]
    for name, row in servers.items():
        speed = row["requests_per_second"]
        lines.append(
            f"| {name} | {speed:,.0f} | {speed / floor:.2f} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} "
            f"| {row['resident_mb']:.0f} |"
        )
    alone, pressed = result["pressure"]["alone"], result["pressure"]["with_batches_and_swaps"]
    batch = result["batch_of_1000_ms"]
    return "\n".join(
        [
            f"Measured {result['at'][:10]}, {result['machine']}; {CONNECTIONS} connections, best of {result['rounds']} "
            f"alternating rounds of {result['seconds']:g} s. Read the ratios, not the speeds.",
            "",
            *lines,
            "",
            f"- 1,000 requests/s: p99 {alone['p99_ms']:.2f} ms alone; {pressed['p99_ms']:.2f} ms with "
            f"{pressed['batches']} batches of 1,000 and {pressed['swaps']} swaps meanwhile; "
            f"{alone['failures'] + pressed['failures']} failures.",
            f"- First answer {servers[OURS]['ready_seconds']:.2f} s after the start of the process.",
            f"- 1,000 messages: {batch['answer_many']:.0f} ms, {batch['explain_each']:.0f} ms with explanations, "
            f"scikit-learn's pipeline {batch['scikit_learn_pipeline']:.0f} ms.",
            *[f"- Left out: {why}" for why in result["left_out"]],
        ]
    )


def write_page(result: dict[str, Any]) -> None:
    """Put the table between its marks in docs/serving.md."""
    before, mark, rest = PAGE.read_text().partition("<!-- measured -->\n")
    _, end, after = rest.partition("<!-- /measured -->")
    if mark and end:
        PAGE.write_text(f"{before}{mark}{table_text(result)}\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one round")
    chosen = parser.parse_args()
    os.sched_setaffinity(0, SERVER_CORE | CLIENT_CORE)
    with tempfile.TemporaryDirectory() as folder:
        made = Deployment(Path(folder))
        bodies = [json.dumps({"message": text}).encode() for text in made.texts]
        batch = batches(made, 5)
        os.sched_setaffinity(0, CLIENT_CORE)
        servers, left_out = compared(made, bodies, chosen.rounds, chosen.seconds)
        pressure = under_pressure(made, bodies, 6.0)
        made.store.close()
    result = {
        "at": datetime.now(UTC).isoformat(),
        "machine": f"one core for the servers, one for the client, of {os.cpu_count()} shared",
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "servers": servers,
        "left_out": left_out,
        "pressure": pressure,
        "batch_of_1000_ms": batch,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(table_text(result))
    write_page(result)


if __name__ == "__main__":
    main()
