"""What every request passes, as plain ASGI: its id, admission, the limit of its body, counters, headers.

The straight way of the busiest routes (straight.py) does the same by the same functions.
"""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from itertools import count
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.errors import RefitError
from serving.access_log import AccessLog, begin_noting
from serving.admission import Admission
from serving.counters import Counters
from serving.errors import BodyTooLargeError, refit_error

# Counted under the status that nginx gave to it.
CLIENT_WENT_AWAY = 499
REQUEST_ID = re.compile(rb"[!-~]{1,128}")
DOCUMENTATION = frozenset({"/docs", "/redoc", "/docs/oauth2-redirect"})
PLAIN_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
# Nothing that the service answers is to be shown as a page; its documentation is, and loads scripts.
NO_PAGE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# Ids of requests without one: the process, drawn at its start, and a counter.
_PROCESS = secrets.token_hex(10).encode("ascii")
_count = count(1)
SCOPE_KEY = "refit.caller"
# In the scope of a request that was at admission already: True when it passed, else the refusal. It is asked once.
ADMITTED_KEY = "refit.admitted"


class Caller(NamedTuple):
    """Who asks: the id of the request, and what a rollout divides requests by ("" when the client names neither)."""

    request_id: bytes
    key: str


class FrontDoor:
    def __init__(
        self,
        app: ASGIApp,
        *,
        counters: Counters,
        admission: Admission,
        max_body_bytes: int,
        access_log: AccessLog | None = None,
    ):
        self.app = app
        self.counters = counters
        self.admission = admission
        self.max_body_bytes = max_body_bytes
        self.access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        self.counters.requests += 1
        headers = dict(scope["headers"])
        caller = scope[SCOPE_KEY] = caller_of(headers)
        noted = begin_noting(scope) if self.access_log else None
        started = time.perf_counter_ns() if self.access_log else 0
        outgoing = _Outgoing(send, self.counters, own_headers(scope["path"], caller.request_id))
        try:
            admitted = scope.get(ADMITTED_KEY)
            if isinstance(admitted, RefitError):
                raise admitted
            if not admitted:
                self.admission.admit(scope, headers)
            if b"content-length" in headers or scope["method"] in {"GET", "HEAD"}:
                await self.app(scope, receive, outgoing.send)
            else:
                await self.app(scope, replay(await read_body(receive, self.max_body_bytes), receive), outgoing.send)
        except RefitError as error:
            response = await refit_error(Request(scope), error)
            await response(scope, receive, outgoing.send)
        except ClientDisconnect:
            self.counters.errors[CLIENT_WENT_AWAY] += 1  # nobody is left to answer, and nothing of ours failed
        finally:
            if self.access_log and noted:
                taken = time.perf_counter_ns() - started
                self.access_log.write(scope, caller.request_id, outgoing.status, taken, noted)
        return None


class _Outgoing:
    """Adds the service's own headers to an answer, and counts it when it is an error."""

    __slots__ = ("_counters", "_headers", "_send", "status")

    def __init__(self, send: Send, counters: Counters, headers: Sequence[tuple[bytes, bytes]]):
        self._send = send
        self._counters = counters
        self._headers = headers
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status >= 400:
                self._counters.errors[self.status] += 1
            message["headers"] = [*message.get("headers", ()), *self._headers]
        await self._send(message)


def own_headers(path: str, request_id: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """What stands on every answer."""
    own = (b"x-request-id", request_id)
    return (*PLAIN_HEADERS, own) if path in DOCUMENTATION else (*PLAIN_HEADERS, NO_PAGE, own)


def caller_of(headers: Mapping[bytes, bytes]) -> Caller:
    """Who asks, by the headers that a client may name itself with."""
    given = headers.get(b"x-request-id")
    known = given is not None and REQUEST_ID.fullmatch(given) is not None
    key = headers.get(b"x-caller-id") or (given if known else None)
    request_id = given if given is not None and known else b"%b%012x" % (_PROCESS, next(_count))
    return Caller(request_id, key.decode("latin-1") if key else "")


async def read_body(receive: Receive, most_bytes: int, begun: bytes = b"") -> bytes:
    """The whole body. Raises BodyTooLargeError as soon as it is over the limit, ClientDisconnect when it breaks off."""
    parts, size = [begun], len(begun)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most_bytes:
            raise BodyTooLargeError(most_bytes)
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
