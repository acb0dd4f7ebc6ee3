"""Serving and the agent (loop and control plane) together: one terminal, both stopped on Ctrl-C or SIGTERM."""

import signal
import threading
from pathlib import Path
from typing import Any

from rich.console import Console

from launch.processes import Child, ProcessFailedError, start, wait_until_ready

READY_SECONDS = 30.0
WATCH_SECONDS = 0.5
_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}


def run_up(console: Console, *, home: Path, port: int, agent_port: int) -> None:
    """Run until asked to stop. Raises ProcessFailedError when a process ends by itself."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home.mkdir(parents=True, exist_ok=True)
    port_file, agent_file = home / "serving.port", home / "agent.port"
    for file in (port_file, agent_file):
        file.unlink(missing_ok=True)
    children: list[Child] = []
    try:
        serving = _start(console, "serving", ["serving", "--port", str(port), "--port-file", str(port_file)], {})
        children.append(serving)
        url = wait_until_ready(serving, port_file, READY_SECONDS, path="/health/live")
        words = ["agent", "serve", "--with-loop", "--port", str(agent_port), "--port-file", str(agent_file)]
        agent = _start(console, "agent", words, {"REFIT_AGENT_SERVING_URL": url})
        children.append(agent)
        agent_url = wait_until_ready(agent, agent_file, READY_SECONDS, path="/health")
        console.print(f"Predictions at {url} (docs: {url}/docs). Agent at {agent_url}. Stop with Ctrl-C.", **_PLAIN)
        _watch(children, stop)
    except ProcessFailedError:
        if not stop.is_set():
            raise
    finally:
        for child in reversed(children):
            child.stop()


def _watch(children: list[Child], stop: threading.Event) -> None:
    """Return when asked to stop. Raises ProcessFailedError when one ends by itself."""
    while not stop.wait(WATCH_SECONDS):
        for child in children:
            if not child.alive:
                raise child.failure("ended by itself")


def _start(console: Console, name: str, words: list[str], environment: dict[str, str]) -> Child:
    return start(name, words, environment, lambda line: console.print(f"{name:8}| {line}", **_PLAIN))
