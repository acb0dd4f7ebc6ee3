"""Launches a training as a job of its own process, with limits, at most once for each decision.

The lock is inherited by the child and its result goes to a file, so an agent that was killed and started again watches
a training that outlived it, and takes its result, instead of training a second time.
"""

import fcntl
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from pipeline.clock import Clock, utc_now
from pipeline.faults import fault_point
from pipeline.settings import PipelineSettings
from pipeline.training.choice import WHOLE, TrainingChoice
from pipeline.training.progress import PROGRESS_FILE
from tools import jobs
from tools.child_environment import child_environment
from tools.errors import TrainingCancelledError, TrainingFailedError
from tools.job_files import JobFiles, clear_old, files_of, jobs_folder
from tools.job_process import end_group, prefer_to_end, started_at
from tools.job_settling import end_well, settle, watch_orphans
from tools.job_watching import POLL_SECONDS, follow, words
from tools.jobs import Job, JobState
from tools.training_result import TrainingResult, read_result, result_of

log = logging.getLogger("refit.tools.jobs")


@dataclass(frozen=True, kw_only=True)
class TrainingOrder:
    """What is to be trained, for which decision, and how much it may take. `memory_limit_mb` None: no limit."""

    model: str
    decision_id: str
    who: str
    time_limit_seconds: float
    memory_limit_mb: float | None = None
    choice: TrainingChoice = WHOLE


def train(
    control: Engine,
    settings: PipelineSettings,
    order: TrainingOrder,
    command: Sequence[str] | None = None,
    clock: Clock = utc_now,
) -> TrainingResult:
    """Train a version for a decision, or take the result that a training for it left.

    Raises TrainingFailedError, and TrainingCancelledError for a decision whose training somebody cancelled. `command`
    replaces the command line, for tests.
    """
    folder = jobs_folder(settings.root)
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + order.time_limit_seconds
    with _lock(control, settings.root, order.model, deadline, clock) as lock:
        settle(control, settings.root, clock(), order.model, locked=True)
        done = result_of(settings.root, order.decision_id)
        if done:
            return done
        _refuse_what_was_cancelled(control, order.decision_id)
        clear_old(settings.root, clock())
        job = _begin(control, order, clock())
        fault_point("job:begun")
        return _run(control, settings, order, job, command or command_line(order), lock, clock)


def command_line(order: TrainingOrder) -> Sequence[str]:
    said = ("--json", "--decision-id", order.decision_id, "--who", order.who)
    line, choice = (sys.executable, "-m", "pipeline", "train", order.model, *said), order.choice
    narrowed = ("--candidates", ",".join(choice.candidates)) if choice.candidates else ()
    return (*line, *narrowed, *(() if choice == WHOLE else ("--window", choice.window.value)))


def _refuse_what_was_cancelled(control: Engine, decision_id: str) -> None:
    for job in jobs.of_decision(control, decision_id):
        if job.state is JobState.CANCELLED:
            raise TrainingCancelledError(words(JobState.CANCELLED, job))


def _begin(control: Engine, order: TrainingOrder, now: datetime) -> Job:
    limit = None if order.memory_limit_mb is None else int(order.memory_limit_mb * 1e6)
    job = jobs.begin(
        control,
        model=order.model,
        decision_id=order.decision_id,
        host=socket.gethostname(),
        time_limit_seconds=order.time_limit_seconds,
        memory_limit_bytes=limit,
        now=now,
    )
    if job is None:
        raise TrainingFailedError(f"Another training of {order.model} runs: see python -m agent jobs list")
    return job


def _run(
    control: Engine,
    settings: PipelineSettings,
    order: TrainingOrder,
    job: Job,
    command: Sequence[str],
    lock: int,
    clock: Clock,
) -> TrainingResult:
    files = files_of(settings.root, job.job_id)
    files.folder.mkdir(parents=True, exist_ok=True)
    child = _start(command, _environment(settings, files), files, lock)
    fault_point("job:started")
    ended: JobState | None = JobState.FAILED
    try:
        prefer_to_end(child.pid)
        jobs.note(control, job.job_id, clock(), pid=child.pid, pid_started_at=started_at(child.pid))
        ended = follow(control, job, files, child.pid, lambda seconds: _gone(child, seconds), clock)
    finally:
        if child.poll() is None:  # the agent itself is being stopped
            end_group(child.pid)
        child.wait()
    fault_point("job:gone")
    return _concluded(control, order, jobs.job(control, job.job_id), files, ended, child.returncode, clock())


def _start(
    command: Sequence[str], environment: Mapping[str, str], files: JobFiles, lock: int
) -> subprocess.Popen[bytes]:
    with files.answer.open("wb") as out, files.log.open("ab") as err:
        return subprocess.Popen(
            command, stdout=out, stderr=err, env=environment, pass_fds=(lock,), start_new_session=True
        )


def _gone(child: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _concluded(
    control: Engine,
    order: TrainingOrder,
    job: Job,
    files: JobFiles,
    ended: JobState | None,
    code: int,
    now: datetime,
) -> TrainingResult:
    """Write how the job ended; its result. Raises TrainingFailedError, TrainingCancelledError."""
    result = read_result(files.answer) if code == 0 else None
    if ended is None and result:
        end_well(control, job, result, now)
        ids = {"job_id": job.job_id, "run_id": result.body.get("run_id"), "version": result.version}
        log.info("The training of %s took %.0f s: %s.", order.model, result.seconds, result.verdict, extra=ids)
        return result
    state = ended or JobState.FAILED
    reason = words(state, job) if ended else _why_failed(order.model, code, files)
    jobs.end(control, job.job_id, state, now, reason=reason, exit_code=code)
    log.warning("%s", reason, extra={"job_id": job.job_id})
    raise TrainingCancelledError(reason) if state is JobState.CANCELLED else TrainingFailedError(reason)


def _why_failed(model: str, code: int, files: JobFiles) -> str:
    if code == 0:
        return f"The training of {model} answered with no result; see {files.log}."
    killed = " (killed; perhaps the machine ran out of memory)" if code == -9 else ""
    return f"The training of {model} ended with code {code}{killed}; see {files.log}."


def _environment(settings: PipelineSettings, files: JobFiles) -> dict[str, str]:
    return child_environment(os.environ) | {
        "REFIT_HOME": str(settings.root),
        "REFIT_DATA_DIR": str(settings.data_dir.absolute()),
        "REFIT_TELEMETRY_URL": settings.telemetry_address,
        "REFIT_CONTROL_URL": settings.control_address,
        PROGRESS_FILE: str(files.progress),
    }


@contextmanager
def _lock(control: Engine, root: Path, model: str, deadline: float, clock: Clock) -> Iterator[int]:
    """One training of a model at a time on this machine. The lock lasts as long as any process has it open.

    Who waits for it watches the training that has it: its own watcher may be dead.
    """
    with (jobs_folder(root) / f"{model}.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TrainingFailedError("Another training of this model did not end in time.") from None
                watch_orphans(control, root, model, clock)
                time.sleep(POLL_SECONDS)
        yield file.fileno()
