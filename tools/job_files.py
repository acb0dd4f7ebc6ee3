"""What a job leaves on the disk, below jobs/ in REFIT_HOME: its log, its progress, its answer; kept for a while.

jobs/<job id>/log.txt        what the process says, the newest 5 to 10 MB (log.txt.1 is the older half)
jobs/<job id>/progress.json  how far it is
jobs/<job id>/answer.json    its result
jobs/<model>.lock            held by the process that trains the model
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

LARGEST_LOG_BYTES = 5_000_000
KEPT_JOBS = 100
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True)
class JobFiles:
    """The files of one job."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def progress(self) -> Path:
        return self.folder / "progress.json"

    @property
    def answer(self) -> Path:
        return self.folder / "answer.json"

    def reported(self) -> Mapping[str, Any]:
        """What the process wrote of its progress last; empty before its first word."""
        try:
            found: Mapping[str, Any] = json.loads(self.progress.read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def rotate(self) -> None:
        """Halve a log that has grown too large. The process appends, so it goes on at the new beginning."""
        with suppress(OSError):
            if self.log.stat().st_size > LARGEST_LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_name("log.txt.1"))
                with self.log.open("r+b") as file:
                    file.truncate(0)

    def last_lines(self, count: int) -> list[str]:
        try:
            return self.log.read_text("utf-8", errors="replace").splitlines()[-count:]
        except OSError:
            return []


def jobs_folder(root: Path) -> Path:
    return root / "jobs"


def files_of(root: Path, job_id: str) -> JobFiles:
    return JobFiles(jobs_folder(root) / job_id)


def files_of_decision(root: Path, decision_id: str) -> list[JobFiles]:
    """The files of every job of a decision."""
    return [JobFiles(folder) for folder in sorted(jobs_folder(root).glob(f"{decision_id}.*")) if folder.is_dir()]


def clear_old(root: Path, now: datetime) -> None:
    """Remove the files of old jobs: all beyond the newest hundred, and those that ended three months ago."""
    folders = [folder for folder in jobs_folder(root).glob("*.*") if folder.is_dir()]
    oldest = (now - KEPT_FOR).timestamp()
    for number, (folder, changed) in enumerate(newest_first(folders)):
        if number >= KEPT_JOBS or changed < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def newest_first(folders: Iterable[Path]) -> list[tuple[Path, float]]:
    """With the time of their last change, in seconds; without those that another training has removed meanwhile."""
    found = []
    for folder in folders:
        with suppress(FileNotFoundError):
            found.append((folder, folder.stat().st_mtime))
    return sorted(found, key=lambda one: one[1], reverse=True)
