"""Files that are whole or as they were: written under another name, on the disk, and only then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What a kill leaves behind has this in its name.
PARTIAL = ".partial-"


def write_whole(path: Path, content: str | bytes) -> None:
    """Put content, text as UTF-8, in the place of a file. Raises OSError; then the file is as it was."""
    with whole_file(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes the file when the block ends, and is removed when the block raises.

    Raises OSError when the disk refuses. Processes, threads and machines may write one file at once: the last one wins.
    """
    partial = path.with_name(f"{path.name}{PARTIAL}{os.getpid()}-{os.urandom(4).hex()}")
    try:
        yield partial
        sync(partial)
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    sync(path.parent)  # the new name, too, must outlive a loss of power


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
