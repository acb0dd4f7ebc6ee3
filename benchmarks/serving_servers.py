"""Starts the servers of the serving benchmarks on their core, and stops them."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import head_and_body
from benchmarks.serving_deployment import Deployment
from benchmarks.serving_peers import FLOOR, Peer
from launch.ports import free_port

ROOT = Path(__file__).parents[1]
FLOOR_NAME, OURS = "FastAPI route that does nothing", "Refit, everything on"
SERVER_CORE, CLIENT_CORE = {0}, {1}
READY_SECONDS = 60
EVERYTHING_ON = {
    "REFIT_SERVING_PREDICTION_KEYS": '["benchmark"]',
    "REFIT_SERVING_RATE_PER_SECOND": "1000000",
    "REFIT_SERVING_RATE_BURST": "1000000",
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


@contextmanager
def started(
    name: str, command: list[str], port: int, path: str, bodies: Sequence[bytes], **environment: str
) -> Iterator[Running]:
    """A server on its core, once it answers a request."""
    with (Path(tempfile.gettempdir()) / "refit-benchmark-servers.log").open("ab") as log:
        began = time.perf_counter()
        # As installed: with bytecode, which not every shell lets Python write.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
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


def ours(made: Deployment, bodies: Sequence[bytes], **settings: str) -> Any:
    """The service with everything on; `settings` are further environment variables."""
    port = free_port()
    command = [sys.executable, "-m", "serving", "--port", str(port)]
    home = {"REFIT_HOME": str(made.settings.root)}
    return started(OURS, command, port, "/predict", bodies, **home, **EVERYTHING_ON, **settings)


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


def floor(made: Deployment, bodies: Sequence[bytes]) -> Any:
    """FastAPI with a route that does nothing."""
    program, port = made.folder / "floor.py", free_port()
    program.write_text(FLOOR)
    return started(FLOOR_NAME, [sys.executable, str(program), str(made.folder), str(port)], port, "/predict", bodies)


def proportional_mb(process: int) -> float:
    """Resident memory, with what several processes share divided among them (Pss)."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def resident_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
