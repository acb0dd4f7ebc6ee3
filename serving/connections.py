"""HTTP connections that cannot be held for ever: uvicorn's own, with limits of time and size, and one write an answer.

A client that sends slowly, sends a huge head, or does not read its answer is let go; others never notice.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

SWEEP_SECONDS = 1.0
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Limits:
    """Shared by all connections of one server."""

    def __init__(self, *, head_seconds: float, body_seconds: float, write_seconds: float, max_head_bytes: int):
        self.head_seconds = head_seconds
        self.body_seconds = body_seconds
        self.write_seconds = write_seconds
        self.max_head_bytes = max_head_bytes


class OneWriteCycle(RequestResponseCycle):
    """Sends the head and the body of a short answer in one write: one packet, one system call."""

    _start: Any = None

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            if self._sent_whole(start, message):
                return
            await super().send(start)
        await super().send(message)

    def _sent_whole(self, start: Any, message: Any) -> bool:
        """Write a complete answer to a plain request at once; False when uvicorn's own way is needed."""
        body = message.get("body", b"")
        plain = self.keep_alive and not self.disconnected and not self.flow.write_paused
        if not plain or message.get("more_body", False) or self.scope["method"] == "HEAD" or self.access_log:
            return False
        content = [STATUS_LINE[start["status"]]]
        announced = None
        headers = [*self.default_headers, *start["headers"]]
        for name, value in headers:
            if name == b"content-length":
                announced = value
            elif name in {b"connection", b"transfer-encoding"}:
                return False
            content += (name, b": ", value, b"\r\n")
        head = b"".join(content)
        # A line break within a value would begin a header of the client's choice.
        if announced is None or int(announced) != len(body) or head.count(b"\n") != len(headers) + 1:
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"%b\r\n%b" % (head, body))
        self.message_event.set()
        self.on_response()
        return True


class BoundedProtocol(HttpToolsProtocol):
    """`reading_since` is when the part of a request that is being read began; None between requests."""

    limits: Limits
    reading_since: float | None = None
    head_is_read = False
    unparsed = 0
    unread_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.reading_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        self.unparsed += len(data)
        super().data_received(data)
        if not self.head_is_read and self.reading_since is not None and self.unparsed > self.limits.max_head_bytes:
            self.refuse(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head_is_read = False
        self.reading_since = self.loop.time()

    def on_headers_complete(self) -> None:
        self.head_is_read = True
        if self.unparsed > self.limits.max_head_bytes and self._head_bytes() > self.limits.max_head_bytes:
            self.refuse(HEAD_TOO_LARGE)
            raise ValueError("The head of the request is too large.")
        self.begin()

    def begin(self) -> None:
        """Hand a request, of which the head is known, to the application."""
        super().on_headers_complete()
        # Its task has not begun to run yet. uvicorn offers no way to name the class of its cycles.
        self.cycle.__class__ = OneWriteCycle

    def on_message_complete(self) -> None:
        self.reading_since = None
        self.unparsed = 0
        super().on_message_complete()

    def sweep(self, now: float) -> None:
        """Let the client go when it has taken too long over what it is doing."""
        if self.reading_since is not None:
            limit = self.limits.body_seconds if self.head_is_read else self.limits.head_seconds
            if now - self.reading_since > limit:
                self.refuse(TIMED_OUT)
        if not self.transport.get_write_buffer_size():
            self.unread_since = None
        elif self.unread_since is None:
            self.unread_since = now
        elif now - self.unread_since > self.limits.write_seconds:
            self.transport.abort()

    def refuse(self, answer: bytes) -> None:
        self.reading_since = None
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
                self.transport.write(answer)
            self.transport.close()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


async def sweep_for_ever(connections: Any) -> None:
    """Look at every connection once a second."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        for connection in list(connections):
            connection.sweep(loop.time())
