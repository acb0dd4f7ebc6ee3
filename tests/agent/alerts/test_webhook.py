"""Signed JSON to a real HTTP server, and the outbox behind it: retries, claims, what is given up."""

import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.alerts import outbox
from agent.alerts.channels import Context
from agent.alerts.links import Places
from agent.alerts.sending import Sender
from agent.alerts.webhook_channel import Webhook
from pipeline.store.engine import writing
from tests.agent.alerts.builders import notice_with
from tests.agent.fakes import Clock

SECRET = "the-secret-of-the-webhook"
NO_CONTEXT = Context()
CLAIMED_FOR = timedelta(seconds=20)


class Receiver:
    """An HTTP server that checks signatures as docs/alerts.md says, and answers from a script."""

    def __init__(self):
        self.taken, self.forged, self.script = [], 0, []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status, headers = receiver.script.pop(0) if receiver.script else (200, {})
                if status == 200:
                    receiver.take(self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def take(self, headers, body):
        signed = headers["X-Refit-Timestamp"].encode() + b"." + body
        expected = "v1=" + hmac.new(SECRET.encode(), signed, sha256).hexdigest()
        fresh = abs(datetime.now(UTC).timestamp() - int(headers["X-Refit-Timestamp"])) < 300
        if not fresh or not hmac.compare_digest(expected, headers["X-Refit-Signature"]):
            self.forged += 1
            return
        self.taken.append(json.loads(body))

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    opened = Receiver()
    yield opened
    opened.stop()


@pytest.fixture
def clock():
    return Clock()


def sender(store, clock, channel):
    return Sender(
        control=store.control,
        channel=channel,
        clock=clock,
        quiet=lambda at: False,
        mine=lambda: True,
        give_up_after=timedelta(hours=72),
    )


def queue(store, clock, *notices):
    with writing(store.control).begin() as connection:
        outbox.put(connection, notices, ["webhook"], clock())


def hook(receiver, secret=SECRET):
    return Webhook(url=receiver.url, secret=secret, places=Places(agent="https://agent.example"))


def test_the_webhook_gets_signed_json_that_names_what_was_sent_again(store, clock, receiver):
    queue(store, clock, notice_with(), notice_with(key="d1:2", headline="later"))
    receiver.script = [(200, {}), (503, {})]
    sending = sender(store, clock, hook(receiver))
    sending.send_due()
    clock.forward(minutes=1)
    sending.send_due()
    assert [body["id"] for body in receiver.taken] == ["d1:told", "d1:2"]
    assert receiver.forged == 0
    first = receiver.taken[0]
    assert first["links"][0]["url"] == "https://agent.example/decisions/d1"
    assert first["notice"]["facts"][0]["observed"] == "0.23"


def test_another_secret_is_a_forgery(store, clock, receiver):
    hook(receiver, "another-secret-altogether").send(notice_with(), NO_CONTEXT)
    assert (receiver.taken, receiver.forged) == ([], 1)


def test_the_wait_that_a_receiver_asks_for_is_kept(store, clock, receiver):
    queue(store, clock, notice_with())
    receiver.script = [(429, {"Retry-After": "120"})]
    sending = sender(store, clock, hook(receiver))
    sending.send_due()
    clock.forward(seconds=119)
    sending.send_due()
    assert receiver.taken == []
    clock.forward(seconds=2)
    assert sending.send_due() == 1


def test_a_body_that_is_refused_is_given_up_and_the_next_one_of_its_incident_goes_on(store, clock, receiver):
    queue(store, clock, notice_with(), notice_with(key="d1:2"))
    receiver.script = [(422, {})]
    sender(store, clock, hook(receiver)).send_due()
    assert [body["id"] for body in receiver.taken] == ["d1:2"]
    (dead,) = outbox.dead_letters(store.control)
    assert (dead.notice.key, dead.last_error) == ("d1:told", "the webhook answered 422")


def test_what_never_gets_through_is_given_up_after_three_days(store, clock, receiver):
    queue(store, clock, notice_with())
    receiver.script = [(500, {})] * 2
    sending = sender(store, clock, hook(receiver))
    sending.send_due()
    assert outbox.dead_letters(store.control) == []
    clock.forward(hours=73)
    sending.send_due()
    assert len(outbox.dead_letters(store.control)) == 1
    assert outbox.revive(store.control, clock()) == 1
    assert sending.send_due() == 1


def test_a_notice_that_breaks_its_channel_holds_up_no_other_incident(store, clock):
    sent = []

    class Fragile:
        name = "webhook"

        def send(self, notice, context):
            if notice.thread == "poison":
                raise ZeroDivisionError
            sent.append(notice.key)

    queue(store, clock, notice_with(key="a", thread="poison"), notice_with(key="b"), notice_with(key="c", thread="d2"))
    sender(store, clock, Fragile()).send_due()
    assert sent == ["b", "c"]
    (left,) = outbox.waiting(store.control, "webhook")
    assert left.thread == "poison"


def test_of_two_that_claim_a_notice_one_gets_it_and_a_dead_ones_claim_runs_out(store, clock):
    queue(store, clock, notice_with())
    (row,) = outbox.waiting(store.control, "webhook")
    taken = [outbox.claim(store.control, row.seq, clock(), CLAIMED_FOR) for _ in range(2)]
    assert [one is not None for one in taken] == [True, False]
    clock.forward(minutes=1)
    again = outbox.claim(store.control, row.seq, clock(), CLAIMED_FOR)
    assert again.attempts == 2
    outbox.given_up(store.control, taken[0], "too late to say", clock())
    assert outbox.dead_letters(store.control) == []
