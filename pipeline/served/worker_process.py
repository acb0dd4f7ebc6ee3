"""Asks a worker process by lines of JSON, and waits no longer than a limit for the whole of question and answer."""

import json
import os
import selectors
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from pipeline.errors import ArtifactError

MOST_AT_ONCE = 65_536

Worker = subprocess.Popen[bytes]


def exchange(worker: Worker, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """One line to a worker with pipes, one line back.

    Raises ArtifactError when it does not read and answer in time, ends, or says why it cannot; `end` it then.
    """
    try:
        line = _answered(worker, json.dumps(question).encode() + b"\n", time.monotonic() + seconds)
    except OSError as error:
        raise ArtifactError("The worker of the transformer has ended; it is started again.") from error
    if not line:
        raise ArtifactError("The worker of the transformer does not answer; it is started again.")
    told: dict[str, Any] = json.loads(line)
    if "error" in told:
        raise ArtifactError(f"The worker of the transformer cannot answer: {told['error']}")
    return told


def end(worker: Worker) -> None:
    """Kill a worker, which may have ended by itself, and free what it held here."""
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _answered(worker: Worker, question: bytes, deadline: float) -> bytes:
    """The line that comes back; empty when the worker ended or the deadline, by the monotonic clock, has passed."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    # A worker that hangs reads nothing: what does not fit into the pipe would be written for ever.
    os.set_blocking(worker.stdin.fileno(), False)
    while question:
        if not _ready(worker.stdin, selectors.EVENT_WRITE, deadline):
            return b""
        question = question[os.write(worker.stdin.fileno(), question) :]
    line = b""
    while not line.endswith(b"\n"):
        some = (
            os.read(worker.stdout.fileno(), MOST_AT_ONCE)
            if _ready(worker.stdout, selectors.EVENT_READ, deadline)
            else b""
        )
        if not some:
            return b""
        line += some
    return line


def _ready(pipe: IO[bytes], event: int, deadline: float) -> bool:
    # Not select.select: it knows no descriptor above 1,023, and a service may hold more.
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        return bool(selector.select(max(0.0, deadline - time.monotonic())))
