"""One `up` for one folder of data: a lock that the kernel lets go of with its holder, however that one ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import RefitError


class AlreadyUpError(RefitError):
    """Somebody else runs the processes of this folder."""


@contextmanager
def held_alone(home: Path) -> Iterator[None]:
    """Hold `home` for the block. Raises AlreadyUpError that names the process which holds it.

    The number in the file may be of a process that died; the lock on it is never.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyUpError(
                f"Refit is up on {home} already (process {holder}). Stop it (kill {holder}, or Ctrl-C in its "
                "terminal), or set REFIT_HOME to another folder."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
