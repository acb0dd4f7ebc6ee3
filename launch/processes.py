"""Starts the project's processes, waits until they are ready and stops them: politely, then firmly."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

STOP_SECONDS = 15.0
POLL_SECONDS = 0.05

Sink = Callable[[str], None]

# Where a proxy is set for the world outside, processes of this machine ask each other without it.
HERE = "127.0.0.1,localhost"

LINUX = sys.platform == "linux"
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2), which only Linux has
_prctl = ctypes.CDLL(None).prctl if LINUX else None


class ProcessFailedError(Exception):
    """A process ended, or did not become ready; the message ends with what it printed last."""


@dataclass(frozen=True)
class Child:
    """A running process of the project and the last lines that it printed."""

    name: str
    process: subprocess.Popen[str]
    tail: list[str]
    relay: threading.Thread

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_end(self) -> None:
        if self.alive:
            self.process.send_signal(signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """SIGTERM, then SIGKILL for one that does not end in `seconds`, and for what it leaves behind."""
        self.ask_to_end()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.end_group()
        self.relay.join(timeout=1.0)

    def end_group(self) -> None:
        """End what the process started and did not end itself. Trainings have groups of their own and go on."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def failure(self, what: str) -> ProcessFailedError:
        return ProcessFailedError("\n  ".join([f"{self.name} {what}.", *self.tail[-15:]]))


def start(
    name: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    sink: Sink | None = None,
    *,
    added: bool = True,
    folder: Path | None = None,
) -> Child:
    """Start `python -m <words>` in `folder`; each line that it prints goes to `sink`.

    The environment is added to ours, or is all that the process gets.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        env=_past_proxies({**os.environ, **environment} if added else environment),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Ctrl-C reaches the whole terminal group; the launcher alone decides in which order its children end.
        start_new_session=True,
        # A launcher that is killed takes its children with it: they would go on unwatched and hold their ports.
        preexec_fn=_end_with_the_launcher if LINUX else None,
    )
    tail: list[str] = []
    assert process.stdout is not None
    relay = threading.Thread(target=_relay, args=(process.stdout, tail, sink), daemon=True)
    relay.start()
    return Child(name=name, process=process, tail=tail, relay=relay)


def _past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    known = [environment[name] for name in ("no_proxy", "NO_PROXY") if environment.get(name)]
    # Under both names: which of them a library reads, and which first, differs.
    return {**environment, **dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join([*known, HERE]))}


def _end_with_the_launcher() -> None:
    """Runs in the child between fork and exec, beside threads of ours that stand still: one call, looked up before."""
    assert _prctl is not None
    _prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)


def _relay(stream: IO[str], tail: list[str], sink: Sink | None) -> None:
    for line in stream:
        tail.append(line.rstrip("\n"))
        del tail[:-50]
        if sink:
            sink(tail[-1])


def wait_until_ready(child: Child, port_file: Path, seconds: float, *, path: str = "/health/ready") -> str:
    """The base URL of a service once it has written its port and answers 200 on `path`. Raises ProcessFailedError.

    A prediction service without a champion yet is alive (/health/live), but not ready.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not child.alive:
            raise child.failure("ended before it was ready")
        if port_file.exists():
            url = f"http://127.0.0.1:{port_file.read_text().strip()}"
            if answers(f"{url}{path}"):
                return url
        time.sleep(POLL_SECONDS)
    raise child.failure(f"was not ready after {seconds:.0f} s")


def responds(url: str, seconds: float) -> bool:
    """Whether a service says anything at an address. One that says 503 is overloaded, but it does not hang."""
    try:
        httpx.get(url, timeout=seconds, trust_env=False)
    except httpx.TransportError:
        return False
    return True


def answers(url: str) -> bool:
    """Whether a service says 200 at an address."""
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
