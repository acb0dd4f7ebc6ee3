"""Remembers conversations: one small file each, the newest turns only; and which have read messages."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.errors import AgentError
from pipeline.files import write_whole

KEPT_TURNS = 12
LONGEST_TEXT = 4_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class ConversationError(AgentError):
    pass


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question and its answer; `topic` is what the plain commands understood."""

    question: str
    answer: str
    topic: str | None = None


class Conversations:
    """The conversations under one folder."""

    def __init__(self, folder: Path):
        self.folder = folder

    def turns(self, conversation: str) -> list[Turn]:
        """The newest turns, oldest first; none for one that has not begun. Raises ConversationError for a bad id."""
        path = self._path(conversation)
        if not path.exists():
            return []
        return [Turn(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]

    def add(self, conversation: str, turn: Turn) -> None:
        kept = Turn(question=turn.question[:LONGEST_TEXT], answer=turn.answer[:LONGEST_TEXT], topic=turn.topic)
        lines = [json.dumps(asdict(one)) for one in [*self.turns(conversation), kept][-KEPT_TURNS:]]
        path = self._path(conversation)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, "\n".join(lines) + "\n")

    def mark_read_messages(self, conversation: str) -> None:
        """Note for good that strangers' text was shown in a conversation; it outlives turns and restarts."""
        mark = self._mark(conversation)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def has_read_messages(self, conversation: str) -> bool:
        return self._mark(conversation).exists()

    def _mark(self, conversation: str) -> Path:
        return self._path(conversation).with_suffix(".has-read-messages")

    def _path(self, conversation: str) -> Path:
        if not _ID.fullmatch(conversation):
            raise ConversationError("A conversation's id is 1 to 40 letters, digits, dashes or underscores.")
        return self.folder / f"{conversation}.jsonl"
