"""A real MLflow server with proxied artefacts, as docker-compose.yml starts it."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launch.ports import free_port

QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
START_SECONDS = 300


@contextmanager
def mlflow_server(folder: Path, backend: str) -> Iterator[str]:
    """Gives its address; runs are kept in the database `backend`, artefacts in FOLDER/proxied."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "mlflow.log"
    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    command += [f"--backend-store-uri={backend}", "--serve-artifacts", f"--artifacts-destination={folder / 'proxied'}"]
    with log.open("ab") as writing:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **QUIET}, stdout=writing, stderr=writing, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{address}/health"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
