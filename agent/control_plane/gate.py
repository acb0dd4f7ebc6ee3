"""What stands before every route, the documentation's too: who may ask, and how large a body may be."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.control_plane.admission import Admission
from agent.control_plane.api_errors import refusal
from agent.errors import ApiError


class Gate:
    """Plain ASGI. Bodies are small here, so one is read whole before a route sees it, and never more than the limit."""

    def __init__(self, app: ASGIApp, admission: Admission, max_body_bytes: int):
        self.app, self.admission, self.max_body_bytes = app, admission, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            scope.setdefault("state", {})["role"] = self.admission.role(request)
            body = await self._body(request, receive)
        except ApiError as error:
            await refusal(error)(scope, receive, send)
            return
        await self.app(scope, _replayed(body, receive), send)

    async def _body(self, request: Request, receive: Receive) -> bytes:
        """The body. Raises ApiError 413 as soon as it is known to be too large, whatever its header says."""
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self.max_body_bytes:
            raise self._too_large()
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.max_body_bytes:
                raise self._too_large()
            more = message["type"] == "http.request" and message.get("more_body", False)
        return b"".join(parts)

    def _too_large(self) -> ApiError:
        return ApiError(413, "too_large", f"The body is larger than {self.max_body_bytes} bytes.")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once, then whatever comes behind it, such as the end of the connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
