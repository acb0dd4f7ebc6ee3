"""A Slack of our own, run as a process: Web API, incoming webhooks, response URLs, Socket Mode, signed requests.

It keeps Slack's rules as its reference states them: tokens, Block Kit limits, one answer per response URL host, threads
and edits of messages that exist, rate limits with Retry-After, envelopes that must be acknowledged and come again when
they are not. What happened stands in a file, line by line, so that it outlives the process and a test can read it.

    python -m tests.agent.alerts.fake_slack FOLDER [PORT]
"""

import asyncio
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipeline.files import write_whole
from tests.agent.alerts.block_kit import problems
from tests.agent.alerts.fake_slack_requests import CHANNEL, payload_of, signed

BOT, APP = "xoxb-fake-token", "xapp-fake-token"
WEBHOOK_PATH = "/services/T1/B1/secret-part-of-the-address"
UNACKNOWLEDGED_SECONDS = 1.0


class Slack:
    def __init__(self, folder: Path):
        self.diary = folder / "slack.jsonl"
        self.messages: dict[str, dict[str, Any]] = {}
        self.script: list[dict[str, Any]] = []
        self.tickets: set[str] = set()
        self.sockets: list[WebSocket] = []
        self.acknowledged: dict[str, Any] = {}
        self.clock = 1_700_000_000
        self.loses_answer = False
        for line in self.diary.read_text().splitlines() if self.diary.exists() else ():
            event = json.loads(line)
            if event["kind"] in ("post", "update"):
                self.messages[event["ts"]] = event
                self.clock = max(self.clock, int(event["ts"].split(".")[0]))

    def note(self, kind: str, **event: Any) -> None:
        with self.diary.open("a") as file:
            file.write(json.dumps({"kind": kind, "at": time.time(), **event}) + "\n")

    def next_ts(self) -> str:
        self.clock = max(self.clock + 1, int(time.time()))
        return f"{self.clock}.000100"

    # Web API

    async def api(self, request: Request) -> Response:
        planned = await self._planned(request.path_params["method"])
        if planned is not None:
            return planned
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        method = request.path_params["method"]
        wanted = APP if method == "apps.connections.open" else BOT
        if token != wanted:
            return self.refuse(method, "invalid_auth" if token else "not_authed")
        body = await request.body()
        sent = json.loads(body) if body.startswith(b"{") else {}
        handle = {
            "chat.postMessage": self.post,
            "chat.update": self.update,
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "apps.connections.open": self.open,
        }
        if method not in handle:
            return self.refuse(method, "unknown_method")
        loses, self.loses_answer = self.loses_answer, False
        answer = handle[method](sent, request)
        return HTMLResponse("<html><body>Gateway</body></html>", 502) if loses else answer

    async def _planned(self, what: str) -> Response | None:
        """A failure that a test has asked for, for the next call."""
        if not self.script or what == "apps.connections.open":
            return None
        plan = self.script.pop(0)
        if plan.get("ok"):
            return None
        if plan.get("lost"):  # the call is carried out, and its answer does not come through
            self.loses_answer = True
            return None
        self.note("failed", what=what, **plan)
        if plan.get("slow"):
            await asyncio.sleep(plan["slow"])
        if "error" in plan:
            return JSONResponse({"ok": False, "error": plan["error"]})
        if "html" in plan:
            return HTMLResponse("<html><body>Sorry</body></html>", plan["html"])
        headers = {"Retry-After": str(plan["retry_after"])} if "retry_after" in plan else {}
        return JSONResponse({"ok": False, "error": "ratelimited"}, plan["status"], headers)

    def refuse(self, what: str, error: str, **more: Any) -> Response:
        self.note("refused", what=what, error=error, **more)
        return JSONResponse({"ok": False, "error": error, **more})

    def post(self, sent: dict[str, Any], request: Request) -> Response:
        if sent.get("channel") != CHANNEL:
            return self.refuse("chat.postMessage", "channel_not_found")
        if not sent.get("text") and not sent.get("blocks"):
            return self.refuse("chat.postMessage", "no_text")
        if wrong := problems(sent["blocks"]) if sent.get("blocks") else []:
            return self.refuse("chat.postMessage", "invalid_blocks", response_metadata={"messages": wrong})
        if sent.get("thread_ts") and sent["thread_ts"] not in self.messages:
            return self.refuse("chat.postMessage", "thread_not_found")
        kept = ("channel", "text", "blocks", "thread_ts", "reply_broadcast", "metadata", "unfurl_links")
        message = {name: sent.get(name) for name in kept} | {"ts": self.next_ts()}
        self.messages[message["ts"]] = message
        self.note("post", **message)
        return JSONResponse({"ok": True, "channel": CHANNEL, "ts": message["ts"], "message": message})

    def update(self, sent: dict[str, Any], request: Request) -> Response:
        known = self.messages.get(sent.get("ts", ""))
        if known is None or sent.get("channel") != CHANNEL:
            return self.refuse("chat.update", "message_not_found")
        if wrong := problems(sent["blocks"]) if sent.get("blocks") else []:
            return self.refuse("chat.update", "invalid_blocks", response_metadata={"messages": wrong})
        message = known | {"text": sent.get("text"), "blocks": sent.get("blocks")}
        self.messages[sent["ts"]] = message
        self.note("update", **{name: value for name, value in message.items() if name not in ("kind", "at")})
        return JSONResponse({"ok": True, "channel": CHANNEL, "ts": sent["ts"], "text": sent.get("text")})

    def history(self, sent: dict[str, Any], request: Request) -> Response:
        """The channel, the newest first; an answer in a thread is in it only if it was broadcast."""
        shown = [one for one in self.messages.values() if not one["thread_ts"] or one["reply_broadcast"]]
        return self._read("conversations.history", sent, sorted(shown, key=lambda one: one["ts"], reverse=True))

    def replies(self, sent: dict[str, Any], request: Request) -> Response:
        """A thread with its first message, the oldest first."""
        if sent.get("ts") not in self.messages:
            return self.refuse("conversations.replies", "thread_not_found")
        shown = [one for one in self.messages.values() if sent["ts"] in (one["ts"], one["thread_ts"])]
        return self._read("conversations.replies", sent, sorted(shown, key=lambda one: one["ts"]))

    def _read(self, method: str, sent: dict[str, Any], shown: list[dict[str, Any]]) -> Response:
        if sent.get("channel") != CHANNEL:
            return self.refuse(method, "channel_not_found")
        hidden = {"kind", "at"} | (set() if sent.get("include_all_metadata") else {"metadata"})
        late = [one for one in shown if float(one["ts"]) > float(sent.get("oldest") or 0)][: sent.get("limit", 100)]
        messages = [{name: value for name, value in one.items() if name not in hidden and value} for one in late]
        self.note("read", method=method, messages=len(messages))
        return JSONResponse({"ok": True, "messages": messages, "has_more": len(late) < len(shown)})

    def open(self, sent: dict[str, Any], request: Request) -> Response:
        ticket = hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:16]
        self.tickets.add(ticket)
        return JSONResponse({"ok": True, "url": f"ws://{request.headers['host']}/link?ticket={ticket}"})

    # Incoming webhook and response URLs

    async def webhook(self, request: Request) -> Response:
        planned = await self._planned("webhook")
        if planned is not None:
            return planned
        sent = json.loads(await request.body())
        if not sent.get("text") and not sent.get("blocks"):
            return PlainTextResponse("no_text", 400)
        if sent.get("blocks") and problems(sent["blocks"]):
            return PlainTextResponse("invalid_blocks", 400)
        self.note("webhook", text=sent.get("text"), blocks=sent.get("blocks"))
        return PlainTextResponse("ok")

    async def response(self, request: Request) -> Response:
        sent = json.loads(await request.body())
        if sent.get("blocks") and problems(sent["blocks"]):
            return PlainTextResponse("invalid_blocks", 400)
        if sent.get("replace_original"):
            ts = request.path_params["ts"]
            self.messages[ts] = self.messages[ts] | {"blocks": sent.get("blocks"), "text": sent.get("text")}
        self.note("response", ts=request.path_params["ts"], sent=sent)
        return PlainTextResponse("ok")

    # Socket Mode

    async def link(self, socket: WebSocket) -> None:
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self.tickets:
            await socket.close(4001)
            return
        self.tickets.discard(ticket)
        await socket.accept()
        self.sockets.append(socket)
        hello = {"type": "hello", "num_connections": len(self.sockets), "connection_info": {"app_id": "A1"}}
        await socket.send_json(hello)
        self.note("connected")
        try:
            while True:
                answer = json.loads(await socket.receive_text())
                self.acknowledged[answer["envelope_id"]] = answer.get("payload")
        except (WebSocketDisconnect, RuntimeError):
            self.note("disconnected")
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)

    async def _envelope(self, kind: str, payload: dict[str, Any], deaf: bool) -> dict[str, Any]:
        """Sent until it is acknowledged; `deaf` takes the first acknowledgement for lost."""
        began, attempt = time.monotonic(), 0
        while time.monotonic() - began < 20:
            envelope_id = hashlib.sha256(f"{time.time_ns()}".encode()).hexdigest()[:20]
            envelope = {
                "type": kind,
                "envelope_id": envelope_id,
                "payload": payload,
                "accepts_response_payload": kind == "slash_commands",
                "retry_attempt": attempt,
                "retry_reason": "timeout" if attempt else "",
            }
            sent = time.monotonic()
            for socket in self.sockets[:1]:
                await socket.send_json(envelope)
            while time.monotonic() - sent < UNACKNOWLEDGED_SECONDS:
                if envelope_id in self.acknowledged and not (deaf and attempt == 0):
                    seconds = time.monotonic() - sent
                    return {"status": 200, "seconds": seconds, "answer": self.acknowledged[envelope_id]}
                await asyncio.sleep(0.01)
            attempt += 1
        return {"status": 0, "seconds": time.monotonic() - began, "answer": None}

    # What a test asks for

    async def control(self, request: Request) -> Response:
        asked = json.loads(await request.body() or b"{}")
        what = request.path_params["what"]
        if what == "script":
            self.script = asked["answers"]
            return JSONResponse({})
        if what == "disconnect":
            for socket in list(self.sockets):
                if asked.get("politely"):
                    await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
                else:
                    await socket.close(1012)
            return JSONResponse({})
        host = request.headers["host"]
        kind, payload = payload_of(asked, host, self.messages)
        if asked.get("to"):
            return JSONResponse(await signed(asked, kind, payload))
        return JSONResponse(await self._envelope(kind, payload, bool(asked.get("deaf"))))


def create(folder: Path) -> Starlette:
    slack = Slack(folder)
    routes = [
        Route("/api/{method}", slack.api, methods=["POST"]),
        Route(WEBHOOK_PATH, slack.webhook, methods=["POST"]),
        Route("/actions/{ts}", slack.response, methods=["POST"]),
        Route("/control/{what}", slack.control, methods=["POST"]),
        WebSocketRoute("/link", slack.link),
    ]
    return Starlette(routes=routes)


class Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, folder: Path):
        super().__init__(config)
        self.folder = folder

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        write_whole(self.folder / "slack.port", str(self.servers[0].sockets[0].getsockname()[1]))


if __name__ == "__main__":
    place, port = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    Announced(uvicorn.Config(create(place), host="127.0.0.1", port=port, log_level="warning"), place).run()
