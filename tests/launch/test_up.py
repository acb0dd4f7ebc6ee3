"""All processes together, for real: ready, restarted when killed, alone on their data, gone when told."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.waiting import until

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "REFIT_"))}
SECONDS = 300.0
FREE = ("--port", "0", "--agent-port", "0", "--dashboard-port", "0")


class Up:
    """`python -m launch up` in a process of its own, with its output in a file."""

    def __init__(self, home: Path, *words: str):
        self.home, self.output_file = home, home / "output.txt"
        with self.output_file.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "launch", "up", *words],
                env=ENVIRONMENT | {"REFIT_HOME": str(home)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self.output_file.read_text()

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{(self.home / f'{service}.port').read_text().strip()}"

    def child(self, module: str) -> psutil.Process | None:
        """The direct child that runs a module of the project."""
        for found in psutil.Process(self.process.pid).children():
            try:
                if f"-m {module}" in " ".join(found.cmdline()) and found.status() != psutil.STATUS_ZOMBIE:
                    return found
            except psutil.Error:
                continue
        return None

    def wait(self, condition: Callable[[], bool]) -> None:
        until(lambda: condition() or self.process.poll() is not None, lambda: self.output)
        assert self.process.poll() is None, self.output

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=SECONDS)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*words: str) -> Up:
        home = tmp_path / f"home{len(started)}"
        home.mkdir()
        started.append(Up(home, *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_a_killed_process_is_restarted_on_its_port_and_a_signal_ends_all(up):
    running = up(*FREE)
    running.wait(lambda: "Stop with Ctrl-C" in running.output)
    assert "Predictions at http" in running.output
    assert "serving   | Serving on" in running.output or "serving | Serving on" in running.output
    assert httpx.get(f"{running.url('agent')}/health", timeout=30).json()["looks_by_the_clock"] is True
    serving, before = running.url("serving"), running.child("serving")
    before.kill()
    running.wait(lambda: "serving ended by signal 9; it is started again in 1 s" in running.output)
    running.wait(lambda: answers(f"{serving}/health/live"))
    assert running.child("serving").pid != before.pid
    everybody = psutil.Process(running.process.pid).children(recursive=True)
    assert running.end() == 0, running.output
    assert "All processes have ended." in running.output
    assert not any(process.is_running() for process in everybody)


def test_a_second_start_on_the_same_data_is_refused_and_names_the_first(up):
    running = up(*FREE)
    running.wait(lambda: "Stop with Ctrl-C" in running.output)
    done = subprocess.run(
        [sys.executable, "-m", "launch", "up", *FREE],
        env=ENVIRONMENT | {"REFIT_HOME": str(running.home)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 1
    assert f"(process {running.process.pid})" in done.stderr
    assert answers(f"{running.url('serving')}/health/live")


def test_a_launcher_that_is_killed_takes_its_processes_with_it(up):
    running = up(*FREE)
    running.wait(lambda: "Stop with Ctrl-C" in running.output)
    everybody = {child: child.cmdline() for child in psutil.Process(running.process.pid).children(recursive=True)}
    running.process.kill()
    running.process.wait()
    _, left = psutil.wait_procs(everybody, timeout=SECONDS)
    assert not [everybody[child] for child in left]


def test_a_taken_port_is_named_with_its_process_before_anything_starts(up):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = up("--port", str(port))
        assert refused.process.wait(timeout=SECONDS) == 1
        assert f"Port {port}, which serving wants, is taken by process {os.getpid()}" in refused.output
        assert "--port N (0 takes a free one)" in refused.output


def test_a_start_that_fails_says_why(tmp_path):
    (tmp_path / "control.db").write_text("this is no database, it is a sentence of some length")
    refused = Up(tmp_path, *FREE)
    assert refused.process.wait(timeout=SECONDS) == 1
    assert "python -m agent doctor looks at every connection" in refused.output
    assert "could not be prepared" in refused.output
    assert "Traceback" not in refused.output
