"""The process of a job and its workers: whether it lives, what memory it takes, how it is ended."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

ENDING_SECONDS = 10.0
# When a machine runs out of memory, its kernel ends a training before the services.
OOM_SCORE = 500


def started_at(pid: int) -> float | None:
    """When a process started, in seconds of the system's clock; None for one that is gone."""
    try:
        found: float = psutil.Process(pid).create_time()
    except psutil.Error:
        return None
    return found


def alive(pid: int | None, start: float | None) -> bool:
    """Whether the very process lives: ids are used again. A zombie does nothing any more."""
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        # The system's clock may have been set since: a second is as good as equal.
        same = start is None or abs(process.create_time() - start) < 1.0
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def memory_of(pid: int) -> int:
    """Bytes of a process and its workers; pages that they share count once. 0 for one that is gone."""
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_memory(process) for process in family)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, OSError):
        return 0


def prefer_to_end(pid: int) -> None:
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(OOM_SCORE))


def end_group(pid: int) -> None:
    """End a job's process and its workers, which share a group of their own, and wait until they are gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + ENDING_SECONDS
    while (alive(pid, None) or _group_lives(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _group_lives(group: int) -> bool:
    """Whether a process of the group does anything yet, its leader or a worker."""
    return any(_group_of(pid) == group and alive(pid, None) for pid in psutil.pids())


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
