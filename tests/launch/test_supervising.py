"""A child that hangs without dying is found by its probe and replaced, with real processes."""

import os
import signal
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from launch.ports import Wanted, chosen
from launch.restarts import Probe
from launch.supervising import Service, Supervisor
from tests.waiting import until

SECONDS = 300.0
# A healthy child has five seconds to answer; were it too slow for that all the same, it would be replaced once more.
PROBE = Probe(period_seconds=0.1, timeout_seconds=5.0, failure_threshold=2, startup_failure_threshold=3_000)


def process_at(port: int) -> int | None:
    """Who answers there, as its own line says it."""
    try:
        return int(httpx.get(f"http://127.0.0.1:{port}/", timeout=10.0).text)
    except (httpx.TransportError, ValueError):
        return None


@pytest.fixture
def telling(tmp_path: Path) -> str:
    """The folder of a module that answers every request with the number of its process."""
    (tmp_path / "telling.py").write_text(
        "import http.server, os, sys\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.end_headers()\n"
        "        self.wfile.write(str(os.getpid()).encode())\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
    )
    return str(tmp_path)


@pytest.mark.faults
def test_a_child_that_hangs_without_dying_is_replaced(telling: str):
    said: list[str] = []
    port = chosen(Wanted(service="telling", port=0, option="--port"), any_free=True)
    service = Service(
        name="telling",
        words=["telling", str(port)],
        url=f"http://127.0.0.1:{port}",
        ready_path="/",
        live_path="/live",
        environment={"PYTHONPATH": telling},
    )
    stop = threading.Event()
    supervisor = Supervisor(stop, lambda _: said.append, PROBE)
    watching = threading.Thread(target=supervisor.watch)
    try:
        supervisor.start([service])
        supervisor.wait_until_ready(SECONDS)
        watching.start()
        # With the second probe the answer to the first is known.
        until(lambda: sum("/live" in line for line in said) >= 2, lambda: str(said))
        hung = process_at(port)
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        until(lambda: any("telling is started again" in line for line in said), lambda: str(said))
        until(lambda: process_at(port) not in (None, hung), lambda: str(said))
        assert not psutil.pid_exists(hung)
        told = [line for line in said if line.startswith("telling has left")]
        assert told[0] == "telling has left 2 probes in a row without an answer; it is asked to end"
        assert told[1] == "telling has left 3 probes in a row without an answer; it is ended by force"
    finally:
        stop.set()
        if watching.ident is not None:
            watching.join(SECONDS)
        supervisor.close()
