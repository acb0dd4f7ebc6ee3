"""What the fake Slack sends to an app: clicks, commands and mentions, signed as Slack signs them."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

SECRET, CHANNEL = "a-signing-secret-of-slack", "C0FAKE123"


def payload_of(asked: dict[str, Any], host: str, messages: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind of a request and what it carries: a click on one of `messages`, a command, or a mention."""
    trigger = asked.get("trigger_id") or f"{time.time_ns()}.1.abc"
    if asked["what"] == "click":
        message = messages[asked["ts"]]
        buttons = [
            element for block in message["blocks"] if block["type"] == "actions" for element in block["elements"]
        ]
        button = next(one for one in buttons if one["text"]["text"] == asked["button"])
        action = {"type": "button", "action_id": button["action_id"], "value": button["value"]}
        return "interactive", {
            "type": "block_actions",
            "user": {"id": asked["user"], "username": "somebody"},
            "trigger_id": trigger,
            "channel": {"id": CHANNEL},
            "container": {"type": "message", "message_ts": asked["ts"]},
            "message": {"ts": asked["ts"], "text": message["text"], "blocks": message["blocks"]},
            "response_url": f"http://{host}/actions/{asked['ts']}",
            "actions": [action],
        }
    if asked["what"] == "command":
        return "slash_commands", {
            "command": "/refit",
            "text": asked["text"],
            "user_id": asked["user"],
            "channel_id": asked.get("channel", CHANNEL),
            "trigger_id": trigger,
            "response_url": f"http://{host}/actions/0",
        }
    event = {"type": "app_mention", "user": asked["user"], "text": asked["text"], "channel": CHANNEL}
    event |= {"ts": asked["ts"]} | ({"bot_id": "B1"} if asked.get("bot") else {})
    event_id = asked.get("event_id") or f"Ev{time.time_ns()}"
    return "events_api", {"type": "event_callback", "event_id": event_id, "event": event}


async def signed(asked: dict[str, Any], kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    """To the app's request URL, with Slack's signature; `times` more often than once, as it is."""
    if kind == "interactive":
        body = urlencode({"payload": json.dumps(payload)})
    else:
        body = urlencode(payload) if kind == "slash_commands" else json.dumps(payload)
    path = {"interactive": "interactions", "slash_commands": "commands", "events_api": "events"}[kind]
    timestamp = str(int(time.time()) - asked.get("old", 0))
    secret = asked.get("secret", SECRET)
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}
    headers["Content-Type"] = "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
    sent = body + "x" if asked.get("tampered") else body
    async with httpx.AsyncClient(timeout=20) as client:
        for _ in range(asked.get("times", 1)):
            began = time.monotonic()
            answer = await client.post(f"{asked['to']}/slack/{path}", content=sent, headers=headers)
    seconds = time.monotonic() - began
    return {"status": answer.status_code, "seconds": seconds, "answer": answer.json()}
