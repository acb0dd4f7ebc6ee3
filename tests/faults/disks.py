"""Disks of the tests' own that can be full or read-only: a tmpfs, for which one must be root or may use sudo.

Without that the tests skip and say so; with REFIT_TEST_REQUIRE=mount, as in CI, they fail instead.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.required import skip_or_fail

CHUNK = 65_536


class Disk:
    """A mounted tmpfs of so many megabytes."""

    def __init__(self, folder: Path, megabytes: int):
        self.folder, self._filler = folder, folder / "filler"
        folder.mkdir()
        _as_root("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder))

    def fill(self) -> None:
        """Leave no byte."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (CHUNK, 1):
                try:
                    while filler.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        self._filler.unlink()

    def make_read_only(self) -> None:
        """Nobody may have a file open for writing there: for that, see read_only.c."""
        _as_root("mount", "-o", "remount,ro", str(self.folder))

    def make_writable(self) -> None:
        _as_root("mount", "-o", "remount,rw", str(self.folder))

    def remove(self) -> None:
        _as_root("umount", "--lazy", str(self.folder))


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    made = Disk(folder, megabytes)
    try:
        yield made
    finally:
        made.remove()


def _as_root(*command: str) -> None:
    prefix: Sequence[str] = () if os.getuid() == 0 else ("sudo", "--non-interactive")
    done = subprocess.run([*prefix, *command], capture_output=True, text=True)
    if done.returncode == 0:
        return
    if command[0] == "mount":
        skip_or_fail("mount", f"This machine lets us mount no disk: {done.stderr.strip()}")
    pytest.fail(f"{' '.join(command)} failed: {done.stderr.strip()}")
