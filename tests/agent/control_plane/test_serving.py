"""The control plane as a process of its own: it says where it listens, answers, and ends when it is asked to."""

import json
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

OF_THE_LLM = {"langchain", "langchain_core", "langchain_openai", "langgraph", "langsmith", "openai"}
LOOK_AT_IMPORTS = """
import json, sys
from fastapi.testclient import TestClient
from agent.build import build_loop
from agent.commands.console import opened
from agent.control_plane.api import create_api
from agent.control_plane.server import build_parts
from agent.passes import Passes
from pipeline.catalog import catalog

def loaded():
    return sorted({name.partition(".")[0] for name in sys.modules})

with opened() as (settings, store):
    passes = Passes({spec.name: build_loop(settings, store, spec) for spec in catalog().values()})
    with TestClient(create_api(build_parts(settings, store, passes)), "http://127.0.0.1") as client:
        passes.loops["sms_spam"].check()
        before = loaded()
        answer = client.post("/chat", json={"question": "status"})
    passes.close()
print(json.dumps({"status": answer.status_code, "before": before, "after": loaded()}))
"""


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


def test_an_agent_that_decides_by_rules_takes_up_langchain_with_the_first_question(environment):
    found = subprocess.run(
        [sys.executable, "-c", LOOK_AT_IMPORTS], env=environment, check=True, capture_output=True, text=True
    )
    said = json.loads(found.stdout)
    assert said["status"] == 200
    assert "fastapi" in said["before"]
    assert OF_THE_LLM.isdisjoint(said["before"])
    assert "langchain_core" in said["after"]


def test_it_does_not_start_open_to_other_machines_without_a_token(home, monkeypatch):
    monkeypatch.setenv("REFIT_HOME", str(home))
    monkeypatch.delenv("REFIT_AGENT_API_TOKEN", raising=False)
    found = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert isinstance(found.exception, ApiSetupError)
