"""The control plane as a process of its own: it says where it listens, answers, and ends when it is asked to."""

import os
import signal
import subprocess
import sys

import httpx
import pytest
from typer.testing import CliRunner

from agent.__main__ import app
from agent.errors import ApiSetupError
from tests.waiting import until


@pytest.fixture
def environment(home):
    # The tests' own process may have a deciding model; a decision here is made by the rules.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "REFIT_"))}
    return kept | {"REFIT_HOME": str(home)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_announces_its_port_answers_and_ends_on_a_signal(home, environment, number):
    port_file = home / "agent.port"
    command = [sys.executable, "-m", "agent", "serve", "--port", "0", "--port-file", str(port_file), "--with-loop"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: port_file.exists() or process.poll() is not None, "the port of the agent")
        assert process.poll() is None, process.stderr.read()
        answer = httpx.get(f"http://127.0.0.1:{port_file.read_text().strip()}/health")
        assert answer.json()["looks_by_the_clock"] is True
        process.send_signal(number)
        assert process.wait(timeout=240) == 0, process.stderr.read()
    finally:
        process.kill()
        process.wait()


def test_it_does_not_start_open_to_other_machines_without_a_token(home, monkeypatch):
    monkeypatch.setenv("REFIT_HOME", str(home))
    monkeypatch.delenv("REFIT_AGENT_API_TOKEN", raising=False)
    found = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert isinstance(found.exception, ApiSetupError)
