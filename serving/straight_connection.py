"""Connections that take the straight way where they may: no task, no ASGI scope, one write. See straight.py."""

from typing import Any

from pipeline.errors import RefitError
from serving.connections import BoundedProtocol, Limits
from serving.front_door import ADMITTED_KEY
from serving.straight import Straight


class StraightProtocol(BoundedProtocol):
    """`body` is what has arrived of a request that goes straight; None while none does."""

    straight: Straight
    body: bytes | None = None
    idle_since: float | None = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.idle_since = None

    def begin(self) -> None:
        if self._may_go_straight():
            self.body = b""
        else:
            super().begin()

    def on_body(self, body: bytes) -> None:
        if self.body is None:
            super().on_body(body)
        else:
            self.body += body

    def on_message_complete(self) -> None:
        if self.body is not None:
            self._answer(self.body)
        else:
            super().on_message_complete()

    def shutdown(self) -> None:
        self._leave_straight_way()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave_straight_way()
        super().connection_lost(exc)

    def sweep(self, now: float) -> None:
        super().sweep(now)
        if self.idle_since is not None and now - self.idle_since > self.timeout_keep_alive:
            self.transport.close()

    def _may_go_straight(self) -> bool:
        parser, cycle, most = self.parser, self.cycle, self.limit_concurrency
        return (
            parser.get_method() == b"POST"
            and self.straight.takes(self.url, self.headers)
            and parser.get_http_version() == "1.1"
            and (cycle is None or cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and (most is None or (len(self.connections) < most and len(self.tasks) < most))
        )

    def _answer(self, body: bytes) -> None:
        defaults = self.server_state.default_headers
        content, admitted = self.straight.answer(self.url, self.headers, self.client, body, defaults)
        if content is None:
            self._leave_straight_way(admitted)
            super().on_message_complete()
            return
        self.body = self.reading_since = None
        self.unparsed = 0
        self.transport.write(content)
        self.server_state.total_requests += 1
        self.idle_since = self.loop.time()  # for `sweep`, in place of uvicorn's timer for each answer

    def _leave_straight_way(self, admitted: bool | RefitError = False) -> None:
        """Hand what has arrived of the request to the application."""
        body, self.body = self.body, None
        if body is None:
            return
        self.scope[ADMITTED_KEY] = admitted  # type: ignore[literal-required]
        super().begin()
        if body:
            super().on_body(body)


def connection_class(limits: Limits, straight: Straight | None) -> type[BoundedProtocol]:
    """The protocol class for uvicorn."""
    own: dict[str, Any] = {"limits": limits}
    if straight is None:
        return type("BoundedConnection", (BoundedProtocol,), own)
    return type("StraightConnection", (StraightProtocol,), own | {"straight": straight})
