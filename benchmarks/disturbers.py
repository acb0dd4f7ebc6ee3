"""What goes on beside a measurement, in a process of its own: swaps with batches, or clients that misbehave.

It runs with a lower priority on the client's core, so that it disturbs the service and not the clock. It ends when its
standard input does, and prints what it did.
python -m benchmarks.disturbers crowd PORT KIND[,KIND...] | swaps PORT HOME TEXTS
"""

import gzip
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks.serving_deployment import VERSIONS, promote_version
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store

IDLE = 1_000
CROWD_PAUSE_SECONDS, SWAP_PAUSE_SECONDS = 0.05, 0.2
IDLE_KIND = "idle"
NICER_BY = 10
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-API-Key: benchmark\r\nContent-Type: application/json\r\n"
BOMB = gzip.compress(b"0" * 10_000_000)
SENT: dict[str, bytes] = {
    "slow_heads": HEAD[:30],
    "half_sent_bodies": HEAD + b"Content-Length: 50\r\n\r\n{",
    "huge_heads": HEAD + b"X-Long: " + b"a" * 60_000 + b"\r\n\r\n",
    "compressed_bombs": HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB,
}
KINDS = (IDLE_KIND, *SENT)


@contextmanager
def beside(kind: str, *arguments: str) -> Iterator[dict[str, int]]:
    """Disturb while the context lasts; the counts are complete at its end."""
    command = [sys.executable, "-m", "benchmarks.disturbers", kind, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # it has begun
    counts: dict[str, int] = {}
    try:
        yield counts
    finally:
        told, _ = process.communicate(timeout=60)
        counts |= json.loads(told)


def _goes_on(pause_seconds: float) -> bool:
    """Wait a moment; False once the other process has closed our input."""
    return not select.select([sys.stdin], [], [], pause_seconds)[0]


def crowd(port: int, kinds: Sequence[str]) -> dict[str, int]:
    """Clients of some kinds: 1,000 connections that say nothing, and twenty a second of each other kind."""
    counts = dict.fromkeys(kinds, 0)
    left_open = []
    if IDLE_KIND in kinds:
        counts[IDLE_KIND] = IDLE
        left_open = [socket.create_connection(("127.0.0.1", port)) for _ in range(IDLE)]
    print("begun", flush=True)
    while _goes_on(CROWD_PAUSE_SECONDS):
        for kind in counts.keys() - {IDLE_KIND}:
            connection = socket.create_connection(("127.0.0.1", port))
            left_open.append(connection)
            with suppress(OSError):  # the service may close it in the middle, as it should
                connection.sendall(SENT[kind])
            counts[kind] += 1
    for connection in left_open:
        connection.close()
    return counts


def swaps(port: int, home: Path, texts: Path) -> dict[str, int]:
    """Batches of 1,000 without a pause, and swaps, each to an artefact that the service does not hold."""
    messages = (json.loads(texts.read_text()) * 2)[:1_000]
    batches: list[int] = []
    stop = threading.Event()
    thread = threading.Thread(target=_batches, args=(port, messages, stop, batches))
    store = open_store(PipelineSettings(home=home))
    number = 0
    print("begun", flush=True)
    thread.start()
    while _goes_on(SWAP_PAUSE_SECONDS):
        number += 1
        promote_version(store.control, VERSIONS[number % len(VERSIONS)])
    stop.set()
    thread.join()
    store.close()
    return {"batches": len(batches), "swaps": number}


def _batches(port: int, messages: list[str], stop: threading.Event, done: list[int]) -> None:
    body = json.dumps({"messages": messages}).encode()
    headers: dict[str, Any] = {"x-api-key": "benchmark", "content-type": "application/json"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
        while not stop.is_set():
            client.post("/predict/batch", content=body).raise_for_status()
            done.append(1)
            stop.wait(SWAP_PAUSE_SECONDS)


def step_behind() -> None:
    """Let the client go first, whatever scheduling the benchmark runs under."""
    if os.sched_getscheduler(0) == os.SCHED_FIFO:  # chrt -f: how to measure on a machine that others load
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_getparam(0).sched_priority - 1))
    else:
        os.nice(NICER_BY)


def main() -> None:
    step_behind()
    kind, port, *rest = sys.argv[1:]
    counts = crowd(int(port), rest[0].split(",")) if kind == "crowd" else swaps(int(port), *map(Path, rest))
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
