"""A client that costs little: requests over kept-open sockets, closed loop (as fast as possible) or at a fixed rate.

Run on the other core than the service: taskset -c 1 python -m benchmarks.load ...
"""

import argparse
import json
import select
import socket
import statistics
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

LENGTH = b"content-length:"
# More makes Python ask the system for memory at each read, which costs more than the read.
READ_BYTES = 65_536
# How long a client that sleeps waits for an answer before it looks at the time.
WAIT_SECONDS = 0.1


@dataclass
class Line:
    """One connection: what it is to send, when it sent, and what it has read so far."""

    sock: socket.socket
    sent_at: float = 0.0
    read: bytes = b""


def head_and_body(path: str, body: bytes, port: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-API-Key: benchmark\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def answer_length(read: bytes) -> int | None:
    """How long the first answer in `read` is; None while its head is not complete."""
    end = read.find(b"\r\n\r\n")
    if end < 0:
        return None
    place = read.find(LENGTH, 0, end)
    if place < 0:  # not every server writes it in lower case
        place = read[:end].lower().find(LENGTH)
    length = int(read[place + len(LENGTH) : read.index(b"\r\n", place)]) if place >= 0 else 0
    return end + 4 + length


def closed_loop(
    port: int, requests: list[bytes], connections: int, seconds: float, *, sleeps: bool = False
) -> dict[str, Any]:
    """Every connection sends its next request as soon as it has its answer.

    The client never sleeps, unless it shares its cores with the server: waking an idle core of a virtual machine costs
    the one who writes to it, which is the server, ten microseconds of system time an answer, of every server alike.
    """
    lines = {line.sock.fileno(): line for line in (_connect(port) for _ in range(connections))}
    poll = select.epoll()
    for number in lines:
        poll.register(number, select.EPOLLIN)
    latencies: list[float] = []
    failures = sent = 0
    started = perf_counter()
    for line in lines.values():
        sent = _send(line, requests, sent)
    while perf_counter() - started < seconds:
        for number, _ in poll.poll(WAIT_SECONDS if sleeps else 0):
            line = lines[number]
            done, ok = _read(line)
            if done:
                latencies.append(perf_counter() - line.sent_at)
                failures += not ok
                sent = _send(line, requests, sent)
    took = perf_counter() - started
    return {"requests_per_second": len(latencies) / took, **summary(latencies), "failures": failures}


def fixed_rate(port: int, requests: list[bytes], connections: int, seconds: float, rate: float) -> dict[str, Any]:
    """Requests at fixed times, whatever the answers take; each is timed from when it was due.

    It waits with select, whose timer is exact to microseconds; epoll's goes by milliseconds, which would be measured
    as the service's.
    """
    free = [_connect(port) for _ in range(connections)]
    busy: dict[int, Line] = {}
    latencies: list[float] = []
    failures = sent = 0
    started = perf_counter()
    count = int(seconds * rate)
    while sent < count or busy:
        now = perf_counter()
        due = started + sent / rate
        if sent < count and now >= due and free:
            line = free.pop(0)
            _send(line, requests, sent)
            line.sent_at = due
            busy[line.sock.fileno()] = line
            sent += 1
            continue
        wait = max(0.0, due - perf_counter()) if sent < count and free else 0.05
        for number in select.select(list(busy), [], [], wait)[0]:
            line = busy[number]
            done, ok = _read(line)
            if done:
                latencies.append(perf_counter() - line.sent_at)
                failures += not ok
                free.append(busy.pop(number))
        if now - started > seconds * 3 + 5:
            break
    return {"rate": rate, **summary(latencies), "failures": failures + count - len(latencies)}


def summary(latencies: list[float]) -> dict[str, float | int]:
    ordered = sorted(latencies)
    if not ordered:
        return {"requests": 0}
    return {
        "requests": len(ordered),
        "p50_ms": statistics.median(ordered) * 1e3,
        "p95_ms": ordered[int(len(ordered) * 0.95)] * 1e3,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1e3,
        "worst_ms": ordered[-1] * 1e3,
    }


def _connect(port: int) -> Line:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Line(sock)


def _send(line: Line, requests: list[bytes], sent: int) -> int:
    line.read = b""
    line.sent_at = perf_counter()
    line.sock.sendall(requests[sent % len(requests)])
    return sent + 1


def _read(line: Line) -> tuple[bool, bool]:
    """(complete, status 200)."""
    part = line.sock.recv(READ_BYTES)
    if not part:
        raise ConnectionError("the service closed a connection in the middle")
    line.read = line.read + part if line.read else part
    length = answer_length(line.read)
    if length is None or len(line.read) < length:
        return False, False
    return True, line.read[9:12] == b"200"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/predict")
    parser.add_argument("--bodies", type=Path, required=True, help="one JSON body a line")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--sleeps", action="store_true", help="give the core away while no answer is there")
    chosen = parser.parse_args()
    bodies = chosen.bodies.read_bytes().splitlines()
    requests = [head_and_body(chosen.path, body, chosen.port) for body in bodies]
    if chosen.rate:
        found = fixed_rate(chosen.port, requests, chosen.connections, chosen.seconds, chosen.rate)
    else:
        found = closed_loop(chosen.port, requests, chosen.connections, chosen.seconds, sleeps=chosen.sleeps)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
