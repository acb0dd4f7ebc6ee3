"""Remembers conversations: one small file each, the newest turns only; what they cost; which have read messages."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from agent.errors import AgentError
from agent.record.usage import Usage

KEPT_TURNS = 12
LONGEST_TEXT = 4_000
SPENT = "spent.jsonl"
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
        partial = path.with_suffix(f".{uuid4().hex}.partial")
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(path)

    def mark_read_messages(self, conversation: str) -> None:
        """Note for good that strangers' text was shown in a conversation; it outlives turns and restarts."""
        mark = self._mark(conversation)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def has_read_messages(self, conversation: str) -> bool:
        return self._mark(conversation).exists()

    def note_spent(self, at: datetime, usage: Usage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / SPENT).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": at.timestamp(), **asdict(usage)}) + "\n")

    def spent_since(self, at: datetime) -> Usage:
        """What all conversations have taken since then."""
        file = self.folder / SPENT
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        notes = [note for note in map(json.loads, lines) if note.pop("at") >= at.timestamp()]
        return sum((Usage(**note) for note in notes), Usage())

    def _mark(self, conversation: str) -> Path:
        return self._path(conversation).with_suffix(".has-read-messages")

    def _path(self, conversation: str) -> Path:
        if not _ID.fullmatch(conversation):
            raise ConversationError("A conversation's id is 1 to 40 letters, digits, dashes or underscores.")
        return self.folder / f"{conversation}.jsonl"
