"""What the chat says, event by event."""

from typing import Any

from pydantic import Field

from dashboard.answers.answered import Answered


class Said(Answered):
    """One event of an answer in the chat: tool_started, tool_finished, text or final."""

    kind: str
    data: dict[str, Any] = Field(default_factory=dict)
