"""Predictions that wait on the service's own disk while the store is away: lines of JSON, synced, replayed once.

Each process appends to a file of its own, which it locks; a file without a living owner is adopted by the next process.
A file is removed after its rows are committed. A kill in between replays rows that the store knows, which changes
nothing there: a prediction id is written once.
"""

import fcntl
import json
import os
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from pipeline.faults import fault_point
from serving.prediction_log import Entry, Write

REPLAY_ROWS = 500


class Spool:
    """Used by the log's writer thread alone, but for `waiting`."""

    def __init__(self, folder: Path, most_bytes: int):
        self._folder = folder
        self._most_bytes = most_bytes
        self._own: IO[bytes] | None = None
        self._own_path: Path | None = None
        self._rows: int | None = None

    def append(self, entries: Sequence[Entry]) -> bool:
        """Keep entries on disk; False when the spool is full or the disk refuses."""
        content = b"".join(_line(entry) for entry in entries)
        known = self.waiting()
        try:
            if self._size() + len(content) > self._most_bytes:
                return False
            _append(self._open(), content)
            fault_point("spool:kept")
        except OSError:
            return False
        self._rows = known + len(entries)
        return True

    def waiting(self) -> int:
        """Rows on disk, of every process that spools in this folder; counted once."""
        if self._rows is None:
            self._rows = sum(len(_entries(path)) for path in self._files())
        return self._rows

    def replay(self, write: Write) -> int:
        """Write all that waits, oldest first, and remove it. Raises what `write` raises; nothing is lost then."""
        replayed = 0
        for path in self._files():
            replayed += self._replay_file(path, write)
        self._rows = None
        return replayed

    def _replay_file(self, path: Path, write: Write) -> int:
        own = path == self._own_path
        file = self._own if own else _locked(path)
        if file is None:
            return 0  # another living process spools there
        entries = _entries(path)
        try:
            for start in range(0, len(entries), REPLAY_ROWS):
                write(entries[start : start + REPLAY_ROWS])
                fault_point("spool:replayed")
            path.unlink(missing_ok=True)
        except BaseException:
            if not own:
                file.close()
            raise
        file.close()
        if own:
            self._own = self._own_path = None
        return len(entries)

    def _open(self) -> IO[bytes]:
        if self._own is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{time.time_ns():020d}-{os.getpid()}.jsonl"
            file = _locked(path, create=True)
            if file is None:
                raise OSError("the spool's file is locked")
            self._own, self._own_path = file, path
        return self._own

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl"))

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self._files())


def _locked(path: Path, create: bool = False) -> IO[bytes] | None:
    """The file, open for appending and locked; None when another process holds it. Readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        return None
    file = os.fdopen(descriptor, "ab", buffering=0)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _append(file: IO[bytes], content: bytes) -> None:
    """Write and sync, or leave the file as it was. Raises OSError."""
    before = os.fstat(file.fileno()).st_size
    try:
        if file.write(content) != len(content):
            raise OSError("the disk took a part of it")
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), before)
        raise


def _line(entry: Entry) -> bytes:
    return json.dumps([*entry[:4], entry.at.isoformat(), *entry[5:]]).encode("ascii") + b"\n"


def _entries(path: Path) -> list[Entry]:
    """The whole lines of a file; the last one may be cut off by a kill, and then nobody was told that it is kept."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return [entry for entry in map(_entry, lines) if entry is not None]


def _entry(line: bytes) -> Entry | None:
    """None for a line that a failing disk has mangled: it must not keep the others from being replayed."""
    try:
        prediction_id, model, version, slot, at, value, prediction, score = json.loads(line)
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None
    parsed = tuple(value) if isinstance(value, list) else value
    return Entry(prediction_id, model, version, slot, moment, parsed, prediction, score)
