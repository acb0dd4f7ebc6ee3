"""Remembers conversations: one small file each, the newest turns only; what they cost; which have read messages."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.errors import AgentError
from agent.record.usage import Usage
from pipeline.files import write_whole

KEPT_TURNS = 12
LONGEST_TEXT = 4_000
# A folder with a file for each day, so that no file is read or written whole for one note.
SPENT = "spent"
SPENDING_KEPT = timedelta(days=2)
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

    def note_spent(self, at: datetime, usage: Usage) -> None:
        """Add to what the conversations of this machine have taken, and drop what no day's limit asks for any more."""
        folder = self.folder / SPENT
        folder.mkdir(parents=True, exist_ok=True)
        # The line begins with a new one: a process that was killed may have left half a line behind.
        with (folder / f"{_day(at)}.jsonl").open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"at": at.timestamp(), **asdict(usage)}) + "\n")
        for old in folder.glob("*.jsonl"):
            if old.stem < _day(at - SPENDING_KEPT):
                old.unlink(missing_ok=True)

    def spent_since(self, at: datetime) -> Usage:
        """What all conversations of this machine have taken since then, at most so far back as it is kept."""
        files = [file for file in (self.folder / SPENT).glob("*.jsonl") if file.stem >= _day(at)]
        lines = [line for file in files for line in _read(file).splitlines()]
        return sum((used for used in (_spent(line, at) for line in lines) if used), Usage())

    def _mark(self, conversation: str) -> Path:
        return self._path(conversation).with_suffix(".has-read-messages")

    def _path(self, conversation: str) -> Path:
        if not _ID.fullmatch(conversation):
            raise ConversationError("A conversation's id is 1 to 40 letters, digits, dashes or underscores.")
        return self.folder / f"{conversation}.jsonl"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""  # another process has dropped it meanwhile


def _spent(line: str, since: datetime) -> Usage | None:
    """One note; None for an older one, and for a line that a kill cut off."""
    try:
        note = json.loads(line)
        at, used = (
            float(note["at"]),
            Usage(calls=int(note["calls"]), tokens=int(note["tokens"]), usd=float(note["usd"])),
        )
    except (ValueError, TypeError, KeyError):
        return None
    return used if at >= since.timestamp() else None
