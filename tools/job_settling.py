"""Jobs whose watcher is gone: found, watched to their end, settled; and jobs that somebody cancels."""

import socket
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from pipeline.clock import Clock
from tools import jobs
from tools.job_files import files_of
from tools.job_process import alive, end_group
from tools.job_watching import Gone, follow, words
from tools.jobs import Job, JobState
from tools.training_result import TrainingResult, read_result


def settle(control: Engine, root: Path, now: datetime, model: str | None = None, *, locked: bool = False) -> list[Job]:
    """Find the jobs that run no more though nobody has said so, write how they ended, and return them.

    A job of this machine is dead when its process is, one of another machine when nobody has written of it for long.
    `locked`: the caller holds the model's lock, which a living training of this machine would hold.
    """
    found = [job for job in jobs.running(control, model) if _is_dead(job, now, locked)]
    for job in found:
        result = read_result(files_of(root, job.job_id).answer)
        if result:
            end_well(control, job, result, now)
        else:
            state = JobState.CANCELLED if job.cancelled_at else JobState.LOST
            jobs.end(control, job.job_id, state, now, reason=words(state, job))
    return found


def cancel(control: Engine, job_id: str, who: str, now: datetime) -> Job:
    """End a running job. Its watcher does it within seconds; without one it is ended from here, on its machine.

    Raises UnknownJobError, JobNotRunningError.
    """
    job = jobs.ask_to_cancel(control, job_id, who, now)
    if job.silent(now) and job.host == socket.gethostname():
        if job.pid is not None and alive(job.pid, job.pid_started_at):
            end_group(job.pid)
        jobs.end(control, job_id, JobState.CANCELLED, now, reason=words(JobState.CANCELLED, job))
    return jobs.job(control, job_id)


def end_here(control: Engine, root: Path, now: datetime) -> list[Job]:
    """End the jobs that run on this machine with their files below `root`; their agents have ended. Returns them."""
    here = [job for job in jobs.running(control) if job.host == socket.gethostname()]
    ended = [job for job in here if files_of(root, job.job_id).folder.exists()]
    for job in ended:
        if job.pid is not None and alive(job.pid, job.pid_started_at):
            end_group(job.pid)
        result = read_result(files_of(root, job.job_id).answer)
        if result:
            end_well(control, job, result, now)
        else:
            jobs.end(control, job.job_id, JobState.LOST, now, reason="Refit was stopped while it ran.")
    return ended


def watch_orphans(control: Engine, root: Path, model: str, clock: Clock) -> None:
    """Watch a training of this machine that nobody watches until it ends; its result is settled afterwards."""
    for job in jobs.running(control, model):
        if job.host == socket.gethostname() and job.pid is not None and job.silent(clock()):
            ended = follow(control, job, files_of(root, job.job_id), job.pid, _left(job), clock)
            if ended is not None:
                seen = jobs.job(control, job.job_id)
                jobs.end(control, job.job_id, ended, clock(), reason=words(ended, seen))


def _left(job: Job) -> Gone:
    def left(seconds: float) -> bool:
        time.sleep(seconds)
        return not alive(job.pid, job.pid_started_at)

    return left


def end_well(control: Engine, job: Job, result: TrainingResult, now: datetime) -> None:
    said = {"version": result.version, "run_id": result.body.get("run_id"), "reason": result.reason}
    jobs.end(control, job.job_id, JobState.DONE, now, exit_code=0, **said)


def _is_dead(job: Job, now: datetime, locked: bool) -> bool:
    if job.host != socket.gethostname():
        return job.silent(now)
    if job.pid is None:
        return locked or job.silent(now)  # whoever was starting it is dead
    # A watcher that lives writes of the end of its process itself, at once.
    return not alive(job.pid, job.pid_started_at) and (locked or job.silent(now))
