"""Says in a file how far a training is, for whoever watches its process."""

import json
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from pipeline.files import write_whole

if TYPE_CHECKING:
    from pipeline.training.search import Progress

# Set by who starts a training as a job: the file that the progress is written to.
PROGRESS_FILE = "REFIT_JOB_PROGRESS"
WRITTEN_EVERY_SECONDS = 0.5


def to_file(path: Path, then: "Progress") -> "Progress":
    """Progress that is written to a file, whole or not at all, and passed on. A full disk stops no training."""
    stage, written_at = "", 0.0

    def note(done: int, total: int, what: str) -> None:
        nonlocal stage, written_at
        then(done, total, what)
        if what == stage and done < total and monotonic() - written_at < WRITTEN_EVERY_SECONDS:
            return
        stage, written_at = what, monotonic()
        with suppress(OSError):
            write_whole(path, json.dumps({"pid": os.getpid(), "stage": what, "done": done, "total": total}))

    return note


def reported(then: "Progress") -> "Progress":
    """The same progress, written to the job's file as well where this process is a job."""
    path = os.environ.get(PROGRESS_FILE)
    return to_file(Path(path), then) if path else then
