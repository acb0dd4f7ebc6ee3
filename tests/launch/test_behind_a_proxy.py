"""A proxy that is set for the world outside is not asked for what runs on this machine."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from launch.processes import answers, responds, start
from launch.traffic import give_labels, send
from pipeline.records import Row
from tests.waiting import until

LABELS = ("ham", "spam")
ANSWER = b'{"prediction_id": "p1", "prediction": "spam", "model_version": "v1", "recorded": 1}'


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service of this machine, where the environment names a proxy that nobody answers at."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_is_found_ready_and_alive(url: str):
    assert answers(url)
    assert responds(url, 30.0)


def test_a_service_reaches_its_neighbours(url: str, tmp_path: Path):
    (tmp_path / "neighbour.py").write_text(f"import httpx\nprint('heard', httpx.get({url!r}).status_code)\n")
    child = start("neighbour", ["neighbour"], {"PYTHONPATH": str(tmp_path), "NO_PROXY": "elsewhere.example"})
    try:
        until(lambda: child.tail or not child.alive, "a word of the process")
        until(lambda: not child.relay.is_alive(), "its last word")
    finally:
        child.stop()
    assert child.tail == ["heard 200"]


def test_messages_and_labels_reach_the_service(url: str):
    sent = send(url, "sms_spam", "message", [Row("win a prize", 1)])
    assert sent.failures == 0
    assert give_labels(url, "sms_spam", LABELS, sent.replies) == 1
