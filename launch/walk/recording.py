"""Records what commands print on a terminal, with the times of it, as an asciicast (version 2)."""

import codecs
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS, ROWS = 104, 34
PROMPT = "\x1b[1;32m$\x1b[0m "
KEY_SECONDS, PAUSE_SECONDS = 0.035, 0.5
# A wait of a command is shown as no longer than this; what it prints about its own time is not touched.
LONGEST_COMMAND_SECONDS = 5.0


@dataclass(frozen=True)
class Printed:
    """Something that came onto the terminal, so many seconds after the beginning."""

    at: float
    text: str


@dataclass
class Recording:
    printed: list[Printed] = field(default_factory=list)
    now: float = 0.0

    def show(self, text: str, seconds: float = 0.0) -> None:
        self.now += seconds
        self.printed.append(Printed(self.now, text))

    def type(self, line: str, seconds_to_read: float = PAUSE_SECONDS) -> None:
        """A line as a person types it."""
        self.show(PROMPT)
        for key in line:
            self.show(key, KEY_SECONDS)
        self.show("\r\n", seconds_to_read)

    def remark(self, text: str, seconds_to_read: float = 2.0) -> None:
        self.show(f"\x1b[3;36m# {text}\x1b[0m\r\n")
        self.now += seconds_to_read

    def clear(self) -> None:
        self.show("\x1b[2J\x1b[H")

    def run(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        shown: str,
        seconds_to_read: float,
        folder: Path | None = None,
    ) -> int:
        """Run a program in `folder`, on a terminal of its own, and record what it prints; its exit code."""
        self.type(shown)
        parts, code = on_terminal(words, environment, folder)
        took = parts[-1].at if parts else 0.0
        slower = max(1.0, took / LONGEST_COMMAND_SECONDS)
        began = self.now
        self.printed += [Printed(began + part.at / slower, part.text) for part in parts]
        self.now = began + took / slower + seconds_to_read
        return code

    def write(self, file: Path, title: str) -> None:
        head = {"version": 2, "width": COLUMNS, "height": ROWS, "title": title, "env": {"TERM": "xterm-256color"}}
        lines = [json.dumps(head), *(json.dumps([round(one.at, 3), "o", one.text]) for one in self.printed)]
        file.write_text("\n".join(lines) + "\n")


def on_terminal(
    words: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> tuple[list[Printed], int]:
    """What a program prints on a terminal, with the seconds since its start, and its exit code."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began, parts = time.monotonic(), []
    process = subprocess.Popen(
        words, stdin=its, stdout=its, stderr=its, env=dict(environment), cwd=folder, close_fds=True
    )
    os.close(its)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := _read(ours):
        parts.append(Printed(time.monotonic() - began, decoder.decode(data)))
    os.close(ours)
    return parts, process.wait()


def _read(descriptor: int) -> bytes:
    """The next bytes; nothing at the end, which Linux tells as an error of input."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""
