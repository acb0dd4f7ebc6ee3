"""A small OpenAI-compatible server of our own: it answers chat completions from a script, well or badly."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP answer. `cut` sends so many bytes only and drops the line; `slow` holds it back until the stub stops.

    `chunked` sends it in pieces of unknown number, as a stream is sent.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    cut: int | None = None
    slow: bool = False
    chunked: bool = False


def completion(
    *calls: tuple[str, Any],
    text: str | None = None,
    finish: str | None = None,
    usage: Mapping[str, int] | None = None,
) -> Reply:
    """A chat completion with tool calls and text; arguments that are a string are sent as they are."""
    tool_calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if tool_calls:
        message["tool_calls"] = tool_calls
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "stub",
        "choices": [
            {"index": 0, "message": message, "finish_reason": finish or ("tool_calls" if tool_calls else "stop")}
        ],
        "usage": dict(usage or {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}),
    }
    return Reply(body=json.dumps(body).encode())


def plain(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(body=json.dumps(value).encode(), status=status, headers=headers)


class Stub:
    """The server on a free port. It answers from its script, then repeats the last reply; requests are kept."""

    def __init__(self, replies: Sequence[Reply]):
        self.replies, self.requests = list(replies), []
        self.stopped = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers.get("content-length", 0))
                stub.requests.append(json.loads(self.rfile.read(size)))
                stub.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.slow:
            self.stopped.wait(30)
            return
        handler.send_response(reply.status)
        for name, value in {"content-type": reply.content_type, **reply.headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        sent = reply.body[: reply.cut]
        if reply.chunked:
            handler.send_header("transfer-encoding", "chunked")
        else:
            handler.send_header("content-length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent) if reply.chunked else sent)
        if reply.cut is not None:
            handler.close_connection = True
        elif reply.chunked:
            handler.wfile.write(b"0\r\n\r\n")

    def __enter__(self) -> "Stub":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
