"""Turns what LangChain streams while it answers into the events of a conversation."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.chat.events import ChatEvent, EventKind, Heard


def messages_of(update: Mapping[str, Any]) -> list[AnyMessage]:
    return [message for part in update.values() if isinstance(part, Mapping) for message in part.get("messages", ())]


def events_of(message: AnyMessage, heard: Heard) -> list[ChatEvent]:
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = [{"tool": call["name"][:60], "arguments": call["args"]} for call in message.tool_calls]
        return [ChatEvent(kind=EventKind.TOOL_STARTED, data=call) for call in calls]
    if isinstance(message, ToolMessage):
        name = str(message.name)
        try:
            status = heard.add(name, str(message.content))["status"]
        except (ValueError, KeyError):
            status = "error"
        return [ChatEvent(kind=EventKind.TOOL_FINISHED, data={"tool": name, "status": status})]
    return [ChatEvent(kind=EventKind.TEXT, data={"text": str(message.text)})] if isinstance(message, AIMessage) else []
