"""What is known of every request to the control plane: an id, a line of the log, a count, a duration, a span."""

import logging
import re
import time
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.observability.log_lines import bound
from agent.observability.spans import note, span

log = logging.getLogger("refit.agent.requests")

KNOWN_ID = re.compile(rb"[\w.:-]{1,64}")
# Asked every few seconds by machines: their lines would hide the others.
QUIET = frozenset({"/metrics", "/health", "/health/live", "/health/ready"})
SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0)


class RequestFigures:
    """How many requests were answered, by route and status, and how long they took."""

    def __init__(self, registry: CollectorRegistry):
        names = ("method", "route", "status")
        self.answered = Counter("refit_agent_requests", "Requests to the control plane.", names, registry=registry)
        self.seconds = Histogram(
            "refit_agent_request_seconds", "How long they took.", ("route",), registry=registry, buckets=SECONDS
        )


class Observed:
    """Plain ASGI, around everything else. A caller's own X-Request-Id is kept where it is a plain word."""

    def __init__(self, app: ASGIApp, figures: RequestFigures):
        self.app, self.figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = _id_of(scope), time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with bound(request_id=request_id), span("request", request_id=request_id, method=scope["method"]) as made:
            try:
                await self.app(scope, receive, noted)
            finally:
                self._write(scope, status, time.perf_counter() - started)
                note(made, route=_route(scope), status=status)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self.figures.answered.labels(scope["method"], route, str(status)).inc()
        self.figures.seconds.labels(route).observe(seconds)
        if scope["path"] not in QUIET:
            log.info("%s %s answered %d in %.0f ms", scope["method"], route, status, seconds * 1e3)


def add_within(app: Starlette, middleware: Middleware) -> None:
    """Put a middleware in front of an application, but behind Observed: what it answers itself is seen too."""
    kinds: list[object] = [one.cls for one in app.user_middleware]
    app.user_middleware.insert(kinds.index(Observed) + 1 if Observed in kinds else 0, middleware)


def _route(scope: Scope) -> str:
    """The route's pattern, never the path: ids would make a figure of their own each, and strangers could make them."""
    return getattr(scope.get("route"), "path", None) or "none"


def _id_of(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if KNOWN_ID.fullmatch(given) else uuid4().hex[:16]
