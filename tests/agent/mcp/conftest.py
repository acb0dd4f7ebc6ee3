"""The real MCP server as a process, over standard input and over HTTP, and the official client."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

OPERATOR, VIEWER = "operator-of-the-tests", "viewer-of-the-tests"


@pytest.fixture
def environment(home) -> dict[str, str]:
    # The tests' own process may have a deciding model; nothing is asked of it here.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "REFIT_"))}
    return kept | {"REFIT_HOME": str(home), "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}


@pytest.fixture
def server(home, environment):
    @contextmanager
    def running(**more: str) -> Iterator[str]:
        """The address of a server over HTTP with these settings."""
        port_file: Path = home / "mcp.port"
        command = [sys.executable, "-m", "agent", "mcp", "--http", "--port", "0", "--port-file", str(port_file)]
        process = subprocess.Popen(command, env=environment | more, stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 90
            while not port_file.exists():
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}/mcp"
        finally:
            process.terminate()
            process.wait(timeout=60)

    return running
