"""Slack over HTTP: `POST /slack/interactions`, `/slack/commands`, `/slack/events`, let in by Slack's signature alone.

It stands before the control plane's own gate: Slack has no token of ours, and a token opens nothing here.
"""

import json
from dataclasses import dataclass
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.alerts.inbound import Inbound, Kind, Payload

PREFIX = "/slack/"
ROUTES = {"interactions": Kind.CLICK, "commands": Kind.COMMAND, "events": Kind.EVENT}
LARGEST_BODY = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Door:
    """By what path a request came in, for whoever counts requests by their routes."""

    path: str


class SlackDoor:
    """Plain ASGI. Everything but /slack/ goes on to the application behind it."""

    def __init__(self, app: ASGIApp, verifier: SignatureVerifier, inbound: Inbound):
        self.app, self.verifier, self.inbound = app, verifier, inbound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        if scope["path"].removeprefix(PREFIX) in ROUTES:
            scope["route"] = Door(path=scope["path"])
        answer = await self._answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        kind = ROUTES.get(request.url.path.removeprefix(PREFIX))
        if kind is None:
            return _error(404, "not_found", "Slack is answered under /slack/interactions, /commands and /events.")
        if request.method != "POST":
            return _error(405, "method_not_allowed", "Slack posts here.")
        body = await _body(request)
        if body is None:
            return _error(413, "too_large", f"The body is larger than {LARGEST_BODY} bytes.")
        if not self._signed(request, body):
            return _error(401, "not_signed", "The request does not carry a valid signature of Slack.")
        payload = payload_of(kind, body)
        if payload is None:
            return _error(400, "unreadable", "The body is not what Slack sends here.")
        return JSONResponse(self.inbound.accept(kind, payload))

    def _signed(self, request: Request, body: bytes) -> bool:
        """Over the raw body, at most five minutes old. What cannot even be checked is not signed."""
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        try:
            return bool(self.verifier.is_valid(body, timestamp, signature))
        except (ValueError, TypeError, OverflowError):
            return False


def payload_of(kind: Kind, body: bytes) -> Payload | None:
    """What Slack says: JSON for events, a form for commands, JSON in a form for clicks. None for anything else."""
    try:
        text = body.decode()
        if kind is Kind.EVENT:
            found = json.loads(text)
        else:
            form = {name: values[0] for name, values in parse_qs(text, max_num_fields=100).items()}
            found = form if kind is Kind.COMMAND else json.loads(form["payload"])
    except (ValueError, KeyError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def _body(request: Request) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY:
            return None
    return b"".join(parts)


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
