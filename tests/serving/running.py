"""Two ways to run the service in tests: in this process without a server, and as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from serving.app import create_app
from serving.settings import ServingSettings
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@contextmanager
def service(settings: ServingSettings) -> Iterator[TestClient]:
    """A client of the application, with its lifespan, without a socket between them."""
    app, here = create_app(settings), ("127.0.0.1", 50_000)
    with TestClient(app, "http://localhost", raise_server_exceptions=False, client=here) as client:
        yield client


class ServerProcess:
    """`python -m serving` on a free port over one home, with its environment cut down to what is given."""

    def __init__(self, home: Path, **environment: str):
        self.port_file = home / "port"
        self.port_file.unlink(missing_ok=True)
        self.log = home / "server.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REFIT_")}
        quick = {"REFIT_SERVING_POLL_SECONDS": "0.05", "REFIT_SERVING_LOG_FLUSH_SECONDS": "0.02"}
        quick |= {"REFIT_SERVING_RELEASE_CHECK_SECONDS": "0.05", "REFIT_SERVING_START_WAIT_SECONDS": "60"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "serving", "--port", "0", "--port-file", str(self.port_file)],
                cwd=ROOT,
                env={**kept, "REFIT_HOME": str(home), **quick, **environment},
                stdout=log,
                stderr=log,
            )
        until(self.port_file.exists, lambda: self.log.read_text())
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port_file.read_text().strip()}", timeout=60)

    def predict(self, message: str) -> dict[str, Any]:
        answer = self.client.post("/predict", json={"message": message})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def counted(self, metric: str) -> int:
        lines = self.client.get("/metrics").text.splitlines()
        return next((int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(metric)), 0)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        self.client.close()
        self.process.send_signal(with_signal)
        self.process.wait(60)

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
