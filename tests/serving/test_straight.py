"""The straight way in front of FastAPI answers as FastAPI's own route does: status, headers and body, over sockets.

500 requests a seed: REFIT_FUZZ_SEEDS=20 sends 10,000.
"""

import json
import os
import random
import re
import socket
from collections.abc import Iterator

import pytest

from tests.serving.running import ServerProcess
from tests.serving.world import World
from tests.waiting import until

SEEDS = int(os.environ.get("REFIT_FUZZ_SEEDS", "20" if os.environ.get("CI") else "2"))
KEYS = {"REFIT_SERVING_PREDICTION_KEYS": '["right"]'}
TEXTS = ["win", "", " ", "é£\U0001f389", "a\x00b", "x" * 10_000, "x" * 10_001, "\u2028", "\x1c", '"quoted"\\']
BROKEN = [b"", b"{", b"null", b"[]", b'{"message": "\xff"}', b'{"message": "\\ud800"}', b'{"message": NaN}', b" "]
HEADERS = [
    b"content-encoding: gzip",
    b"content-type: text/plain",
    b"Content-Type: application/json",
    b"x-caller-id: somebody",
    b"X-Request-ID: twice",
    b"connection: keep-alive",
    b"expect: 100-continue",
    b"accept: */*",
]
Answer = tuple[bytes, list[bytes], object]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """A service with the straight way and one without it, over one champion."""
    world = World(tmp_path_factory.mktemp("straight") / "home")
    world.add_version(1)
    world.promote(1)
    home = world.settings.root
    with (
        ServerProcess(home, **KEYS) as straight,
        ServerProcess(home, **KEYS, REFIT_SERVING_FAST_PATH="false") as long,
    ):
        yield straight, long
    world.store.close()


def body(rng: random.Random) -> bytes:
    values = [*TEXTS, 7, None, True, [], ["win"], {}, 1e308, -0.0]
    field = rng.choice(["message", "message", "message", "text", "Message", "", "\ud800"])
    made = json.dumps({field: rng.choice(values)} | ({"extra": 1} if rng.random() < 0.1 else {})).encode()
    if rng.random() < 0.2:
        return rng.choice(BROKEN)
    if rng.random() < 0.2:
        place = rng.randrange(len(made))
        return made[:place] + bytes([rng.randrange(256)]) + made[place + 1 :]
    return made


def fuzzed(rng: random.Random) -> bytes:
    """A request as bytes, some right and most of them not; well-formed enough that the connection stays open."""
    content = body(rng)
    path = rng.choice([b"/predict", b"/classify", b"/predict", b"/classify?x=1", b"/pr%65dict", b"/nowhere"])
    lines = [rng.choice([b"POST", b"POST", b"POST", b"POST", b"GET"]) + b" " + path + b" HTTP/1.1", b"Host: x"]
    lines.append(b"x-request-id: " + rng.choice([b"fixed", b"r-%d" % rng.randrange(9), b"\xe9", b"x" * 200]))
    lines += rng.choice([[], [b"x-api-key: right"], [b"X-API-Key: right"], [b"x-api-key: wrong"]])
    lines += rng.sample(HEADERS, rng.choice([0, 0, 1, 2]))
    if rng.random() < 0.1:
        lines.append(b"transfer-encoding: chunked")
        content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"
    else:
        lines.append(b"content-length: %d" % len(content))
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


class Connection:
    """A raw connection that is kept open."""

    def __init__(self, server: ServerProcess):
        self.socket = socket.create_connection((server.client.base_url.host, server.client.base_url.port or 0), 30)
        self.read = b""

    def answer(self, request: bytes, pieces: int = 1) -> Answer:
        step = max(1, len(request) // pieces)
        for start in range(0, len(request), step):
            self.socket.sendall(request[start : start + step])
        return self.next()

    def next(self) -> Answer:
        head = self._until_head()
        while head.startswith(b"HTTP/1.1 100"):
            head = self._until_head()
        length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
        while len(self.read) < length:
            self._more()
        content, self.read = self.read[:length], self.read[length:]
        status, *headers = head.split(b"\r\n")
        return status, [_plain(header) for header in headers], _without_chance(content)

    def _until_head(self) -> bytes:
        while b"\r\n\r\n" not in self.read:
            self._more()
        head, _, self.read = self.read.partition(b"\r\n\r\n")
        return head

    def _more(self) -> None:
        part = self.socket.recv(65_536)
        assert part, f"closed after {self.read!r}"
        self.read += part


def _plain(header: bytes) -> bytes:
    """Without what chance and the clock put there."""
    if header.startswith(b"date: "):
        return b"date"
    return re.sub(rb"^x-request-id: [0-9a-f]{32}$", b"x-request-id: made up", header)


def _without_chance(content: bytes) -> object:
    found = json.loads(content)
    for name in ("timestamp", "prediction_id"):
        if name in found:
            found[name] = re.sub("[0-9a-f]", "0", found[name])
            found["order"] = list(found)
    return found


def counted(server: ServerProcess, metric: str) -> int:
    return server.counted(metric)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_fuzzed_requests_get_the_same_answer_on_the_straight_way(
    two: tuple[ServerProcess, ServerProcess], seed: int
) -> None:
    rng, statuses = random.Random(seed), set()
    before = counted(two[0], "refit_straight_total")
    straight, long = map(Connection, two)
    for _ in range(500):
        request, pieces = fuzzed(rng), rng.choice([1, 1, 1, 3])
        one, other = straight.answer(request, pieces), long.answer(request, pieces)
        assert one == other, request
        statuses.add(one[0].split()[1])
    assert statuses == {b"200", b"401", b"404", b"405", b"415", b"422"}
    assert counted(two[0], "refit_straight_total") > before
    assert counted(two[1], "refit_straight_total") == 0


def request(headers: bytes = b"", content: bytes = b'{"message": "win"}', path: bytes = b"/predict") -> bytes:
    head = b"POST " + path + b" HTTP/1.1\r\nhost: x\r\nx-api-key: right\r\n" + headers
    return head + b"content-length: %d\r\n\r\n" % len(content) + content


def test_requests_in_one_packet_are_answered_in_their_order(two: tuple[ServerProcess, ServerProcess]) -> None:
    kinds = [request(), request(path=b"/models/sms_spam/predict"), request(content=b"{"), request(), request()]
    for order in range(len(kinds)):
        sent = kinds[order:] + kinds[:order]
        for server in two:
            connection = Connection(server)
            connection.socket.sendall(b"".join(sent))
            statuses = [connection.next()[0] for _ in sent]
            wrong = sent.index(request(content=b"{"))
            assert [status.split()[1] for status in statuses] == [
                b"422" if place == wrong else b"200" for place in range(len(sent))
            ]


def test_both_ways_count_the_same(two: tuple[ServerProcess, ServerProcess]) -> None:
    metrics = ("refit_requests_total", 'refit_errors_total{status="422"}', 'refit_predictions_total{model="sms_spam"}')
    grown = []
    for server in two:
        before = [counted(server, metric) for metric in metrics]
        connection = Connection(server)
        for content in (b'{"message": "win"}', b"{", b'{"message": "home"}'):
            connection.answer(request(content=content))
        grown.append([counted(server, metric) - was for metric, was in zip(metrics, before, strict=True)])
    # Reading a metric is a request too, one in between for each.
    assert grown[0] == grown[1] == [3 + len(metrics), 1, 2]


def test_a_rate_counts_a_request_once_whichever_way_it_takes(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("rates") / "home")
    world.add_version(1)
    world.promote(1)
    limits = {"REFIT_SERVING_RATE_PER_SECOND": "0.0001", "REFIT_SERVING_RATE_BURST": "4"}
    for fast in ("true", "false"):
        with ServerProcess(world.settings.root, **KEYS, **limits, REFIT_SERVING_FAST_PATH=fast) as server:
            connection = Connection(server)
            bodies = [b'{"message": "win"}', b"{", b'{"message": 1}', b'{"message": "win"}', b'{"message": "win"}']
            statuses = [connection.answer(request(content=content))[0].split()[1] for content in bodies]
            assert statuses == [b"200", b"422", b"422", b"200", b"429"]
    world.store.close()


def test_a_connection_that_has_gone_straight_is_closed_when_it_is_idle(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    world = World(tmp_path_factory.mktemp("idle") / "home")
    world.add_version(1)
    world.promote(1)
    with ServerProcess(world.settings.root, **KEYS, REFIT_SERVING_KEEP_ALIVE_SECONDS="1") as server:
        connection = Connection(server)
        assert connection.answer(request())[0].endswith(b"200 OK")
        assert connection.socket.recv(100) == b""
        until(lambda: server.counted("refit_straight_total") == 1)
    world.store.close()
