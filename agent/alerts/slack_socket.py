"""Slack over Socket Mode: a connection from here, so that nothing of this machine has to be public."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

from agent.alerts.inbound import Inbound, Kind

log = logging.getLogger("refit.alerts")

KINDS = frozenset(Kind)
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0


@contextmanager
def listening(app_token: str, client: WebClient, inbound: Inbound, ping_seconds: float = 5.0) -> Iterator[None]:
    """Answer envelopes for as long as the block lasts. The client reconnects by itself once it was connected."""
    socket = SocketModeClient(app_token, web_client=client, ping_interval=ping_seconds, concurrency=4)
    socket.socket_mode_request_listeners.append(lambda at, request: _answer(at, request, inbound))
    stop = threading.Event()
    thread = threading.Thread(target=_connect, args=(socket, stop), name="slack-socket", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=15.0)
        socket.close()


def _answer(socket: BaseSocketModeClient, request: SocketModeRequest, inbound: Inbound) -> None:
    """Acknowledge first: Slack waits three seconds."""
    if request.type not in KINDS:
        return
    answer = inbound.accept(Kind(request.type), request.payload)
    payload = answer if answer and request.accepts_response_payload else None
    socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))


def _connect(socket: SocketModeClient, stop: threading.Event) -> None:
    wait = FIRST_WAIT
    while not stop.is_set():
        try:
            socket.connect()
            log.info("Slack is listened to over Socket Mode.")
            return
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            socket.wss_uri = None  # an address is good for one connection
            log.warning("Slack's Socket Mode cannot be reached (%s); tried again in %g s", type(error).__name__, wait)
        stop.wait(wait)
        wait = min(wait * 2, LONGEST_WAIT)
