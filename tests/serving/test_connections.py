"""Clients that misbehave over real connections: slow, half-open, huge, many. The others never notice."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.serving.running import ServerProcess
from tests.serving.world import World
from tests.waiting import until

LIMITS = {
    "REFIT_SERVING_HEAD_SECONDS": "2",
    "REFIT_SERVING_BODY_SECONDS": "2",
    "REFIT_SERVING_WRITE_SECONDS": "0.5",
    "REFIT_SERVING_MAX_HEAD_BYTES": "4096",
}
HEAD = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 18\r\n"
BODY = b'{"message": "win"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    world = World(tmp_path_factory.mktemp("connections") / "home")
    world.add_version(1)
    world.promote(1)
    with ServerProcess(world.settings.root, **LIMITS) as running:
        yield running
    world.store.close()


def connect(server: ServerProcess) -> socket.socket:
    address = (server.client.base_url.host, server.client.base_url.port or 0)
    return socket.create_connection(address, timeout=60)


def answer_to(server: ServerProcess, *parts: bytes) -> bytes:
    """All that comes back until the service closes the connection."""
    with connect(server) as connection:
        for part in parts:
            connection.sendall(part)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("sent", [b"", b"POST /pre", HEAD, HEAD + b"\r\n" + BODY[:5]], ids=repr)
def test_a_client_that_stops_in_the_middle_is_let_go_and_others_are_served(server: ServerProcess, sent: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(sent)
        assert server.predict("win")["prediction"] == "spam"
        assert connection.recv(100).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"x-long: " + b"a" * 5_000 + b"\r\n\r\n",
        HEAD + b"".join(b"x-%d: y\r\n" % n for n in range(600)) + b"\r\n",
    ],
    ids=["one long", "many"],
)
def test_a_huge_head_is_refused(server: ServerProcess, head: bytes) -> None:
    # In one piece: what came after the refusal would reset the connection, and the answer might be lost with it.
    assert answer_to(server, head + BODY).startswith(b"HTTP/1.1 431")
    assert answer_to(server, head[:4_500]).startswith(b"HTTP/1.1 431")
    assert server.predict("win")["prediction"] == "spam"


def test_requests_in_one_packet_are_answered_one_after_the_other(server: ServerProcess) -> None:
    one = HEAD + b"\r\n" + BODY
    last = HEAD + b"connection: close\r\n\r\n" + BODY
    found = answer_to(server, one + one + last)
    assert found.count(b"HTTP/1.1 200 OK") == found.count(b'"prediction":"spam"') == 3


def test_a_client_of_http_1_0_is_answered_and_closed(server: ServerProcess) -> None:
    found = answer_to(server, b"POST /predict HTTP/1.0\r\ncontent-length: 18\r\n\r\n" + BODY)
    assert b" 200 OK" in found
    assert found.endswith(b"}")


@pytest.mark.parametrize("rubbish", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\0" * 2_000, b"PRI * HTTP/2.0\r\n\r\n"])
def test_rubbish_is_answered_with_400_or_dropped(server: ServerProcess, rubbish: bytes) -> None:
    found = answer_to(server, rubbish)
    assert found == b"" or found.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))
    assert server.predict("win")["prediction"] == "spam"


def test_a_thousand_connections_that_say_nothing_keep_nobody_from_being_served(server: ServerProcess) -> None:
    with ExitStack() as stack:
        for _ in range(1_000):
            stack.enter_context(connect(server))
        assert all(server.predict("win")["prediction"] == "spam" for _ in range(100))


def test_the_service_logs_no_error_for_any_of_this(server: ServerProcess) -> None:
    until(lambda: server.predict("win")["prediction"] == "spam")
    assert "ERROR" not in server.log.read_text()
    assert "Traceback" not in server.log.read_text()
