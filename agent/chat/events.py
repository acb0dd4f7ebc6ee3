"""What a conversation tells while it answers, and what its tools gave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# The tool that says what strangers wrote.
READ_MESSAGES = "read_messages"


class EventKind(StrEnum):
    TOOL_STARTED = "tool_started"
    TOOL_FINISHED = "tool_finished"
    TEXT = "text"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True)
class ChatEvent:
    kind: EventKind
    data: Mapping[str, Any]


@dataclass
class Heard:
    """What the tools gave while one question was answered."""

    results: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, tool: str, text: str) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(text)
        self.results.append((tool, result))
        self.texts.append(text)
        return result

    @property
    def measured(self) -> list[dict[str, Any]]:
        """What may be cited: what a reader says of strangers' messages is hearsay, and no figure in it counts."""
        return [result for tool, result in self.results if tool != READ_MESSAGES]

    @property
    def citable(self) -> str:
        kept = [text for (tool, _), text in zip(self.results, self.texts, strict=True) if tool != READ_MESSAGES]
        return " ".join(kept)


def final(answer: str | None, by: str, note: str | None) -> ChatEvent:
    return ChatEvent(kind=EventKind.FINAL, data={"answer": answer, "by": by, "note": note})
