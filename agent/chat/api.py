"""`POST /chat`: one question, answered as server-sent events (tool_started, tool_finished, text, final)."""

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from agent.chat.events import ChatEvent, EventKind
from agent.chat.sitting import May
from agent.control_plane.roles import Role, role_of
from agent.errors import ApiError
from agent.record.canonical import to_plain

if TYPE_CHECKING:
    from agent.chat.talk import Chat


class Question(BaseModel):
    """A question about one model; the same `conversation` remembers what was said before."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    question: str = Field(min_length=1, max_length=2_000)
    model: str | None = Field(None, max_length=80, description="Left out: the model that DEFAULT_MODEL names.")
    conversation: str | None = Field(None, pattern="^[A-Za-z0-9_-]{1,40}$", description="Left out: a new one.")
    act: bool = Field(False, description="Let requests open decisions; needs the operator's token.")


def chat_routes(chat_of: "Callable[[str], Chat]", default_model: str = "sms_spam") -> APIRouter:
    """The route, for an application that checks who may ask.

    `chat_of` gives the chat about one model, by its name, or raises UnknownModelError.
    """
    routes = APIRouter(tags=["chat"])

    @routes.post("/chat")
    def chat(request: Request, asked: Question) -> StreamingResponse:
        """Answer a question as server-sent events; every figure comes from a tool.

        With `act` and the operator's token, requests open decisions that the policy bounds; else nothing is changed.
        """
        role = role_of(request)
        if asked.act and role is not Role.OPERATOR:
            raise ApiError(403, "forbidden", "Acting in a conversation needs the operator's token.")
        found = chat_of(asked.model or default_model)
        conversation = asked.conversation or uuid4().hex[:12]
        return StreamingResponse(
            _lines(found.ask(asked.question, conversation, May(act=asked.act, read_messages=role.may_act))),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    return routes


async def _lines(events: AsyncIterator[ChatEvent]) -> AsyncIterator[str]:
    """Events as lines. What fails after the answer began becomes a last event, since its status is sent already."""
    try:
        async for event in events:
            yield line_of(event)
    except Exception as error:  # noqa: BLE001  the stream has begun: the error is told as its end
        told = {"answer": None, "by": "tools", "note": f"The question could not be answered ({type(error).__name__})."}
        yield line_of(ChatEvent(kind=EventKind.FINAL, data=told))


def line_of(event: ChatEvent) -> str:
    return f"event: {event.kind.value}\ndata: {json.dumps(to_plain(event.data))}\n\n"
