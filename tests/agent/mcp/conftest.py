"""The real MCP server as a process, over standard input and over HTTP, and the official client."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import until

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
            until(lambda: port_file.exists() or process.poll() is not None, "the port of the server")
            assert process.poll() is None, process.stderr.read()
            yield f"http://127.0.0.1:{port_file.read_text().strip()}/mcp"
        finally:
            process.terminate()
            process.wait(timeout=60)

    return running
