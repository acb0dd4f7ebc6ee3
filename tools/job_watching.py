"""Watches a job's process: writes how far it is, and ends it when it is too long, too large or cancelled."""

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.clock import Clock
from tools import jobs
from tools.job_files import JobFiles
from tools.job_process import end_group, memory_of
from tools.jobs import Job, JobState

POLL_SECONDS = 0.1
LOOK_SECONDS = 1.0
LONGEST_STAGE = 120

# Waits so many seconds for the process to end; whether it has.
Gone = Callable[[float], bool]


def follow(control: Engine, job: Job, files: JobFiles, pid: int, gone: Gone, clock: Clock) -> JobState | None:
    """Wait until the process is gone. None when it ended by itself, else the state for which it was ended."""
    most, looked_at = job.memory_bytes or 0, 0.0
    while not gone(POLL_SECONDS):
        if time.monotonic() - looked_at < LOOK_SECONDS:
            continue
        looked_at = time.monotonic()
        most = max(most, memory_of(pid))
        files.rotate()
        cancelled = _note(control, job, files, most, clock())
        state = why_end(job, clock(), most, cancelled)
        if state is not None:
            end_group(pid)
            return state
    return None


def why_end(job: Job, now: datetime, memory_bytes: int, cancelled: bool) -> JobState | None:
    """The state in which a running job must be ended now, if any."""
    if cancelled:
        return JobState.CANCELLED
    if (now - job.started_at).total_seconds() > job.time_limit_seconds:
        return JobState.TOO_LONG
    if job.memory_limit_bytes is not None and memory_bytes > job.memory_limit_bytes:
        return JobState.TOO_LARGE
    return None


def words(state: JobState, job: Job) -> str:
    """Why a job was ended, and what to do."""
    if state is JobState.TOO_LONG:
        return (
            f"The training took longer than its time limit of {job.time_limit_seconds:.0f} s and was stopped. "
            "Raise retraining.time_limit_seconds of the model, or narrow its search."
        )
    if state is JobState.TOO_LARGE:
        most = (job.memory_limit_bytes or 0) / 1e6
        return (
            f"The training took more than {most:.0f} MB of memory and was stopped. "
            "Raise retraining.memory_limit_mb of the model, or set REFIT_TRAINING_PROCESSES=1."
        )
    if state is JobState.CANCELLED:
        return f"{job.cancelled_by or 'Somebody'} cancelled the training."
    return "Its process was found dead and left no result: it was killed, or the machine was restarted."


def _note(control: Engine, job: Job, files: JobFiles, memory_bytes: int, now: datetime) -> bool:
    """A control database that is away for a while stops no training."""
    said = files.reported()
    seen = {
        "stage": str(said.get("stage", ""))[:LONGEST_STAGE] or None,
        "steps_done": said.get("done"),
        "steps_total": said.get("total"),
        "memory_bytes": memory_bytes,
    }
    try:
        return jobs.note(control, job.job_id, now, **seen)
    except SQLAlchemyError:
        return False
