"""Trainings as jobs: one row for each in the control database, one at a time for each model.

A job is `running` until its watcher, or whoever finds it dead, says how it ended. Nothing is decided on these rows: the
ledger says what was trained for which decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.store.control import jobs as table
from pipeline.store.engine import writing
from tools.errors import JobNotRunningError, UnknownJobError

# A watcher writes every second or two; a job that nobody has written of for so long has lost its watcher.
SILENT_AFTER = timedelta(seconds=30)


class JobState(StrEnum):
    """`lost`: its process was found dead and left no result."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training: where it runs, how far it is, what it has used, and how it ended."""

    job_id: str
    model: str
    decision_id: str
    state: JobState
    host: str
    pid: int | None
    pid_started_at: float | None
    stage: str | None
    steps_done: int | None
    steps_total: int | None
    memory_bytes: int | None
    memory_limit_bytes: int | None
    time_limit_seconds: float
    started_at: datetime
    heartbeat_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    reason: str | None
    version: int | None
    run_id: str | None
    cancelled_by: str | None
    cancelled_at: datetime | None

    def silent(self, now: datetime) -> bool:
        """Whether nobody watches it any more."""
        return now - self.heartbeat_at > SILENT_AFTER


_FIELDS = [field.name for field in fields(Job)]


def begin(
    control: Engine,
    *,
    model: str,
    decision_id: str,
    host: str,
    time_limit_seconds: float,
    memory_limit_bytes: int | None,
    now: datetime,
) -> Job | None:
    """A new running job of a model; None while the model has one already, anywhere."""
    of_decision = select(func.count()).where(table.c.decision_id == decision_id)
    values = {"model": model, "decision_id": decision_id, "host": host, "active_model": model, "started_at": now}
    limits = {"time_limit_seconds": time_limit_seconds, "memory_limit_bytes": memory_limit_bytes}
    try:
        with writing(control).begin() as connection:
            attempt = 1 + (connection.execute(of_decision).scalar() or 0)
            job_id = f"{decision_id}.{attempt}"
            row = {"job_id": job_id, "state": JobState.RUNNING.value, "heartbeat_at": now, **values, **limits}
            connection.execute(insert(table).values(**row))
    except IntegrityError:
        return None
    return job(control, job_id)


def note(control: Engine, job_id: str, now: datetime, **seen: Any) -> bool:
    """Write what the watcher sees. True when somebody wants the job to end."""
    with writing(control).begin() as connection:
        connection.execute(update(table).where(table.c.job_id == job_id).values(heartbeat_at=now, **seen))
        return connection.execute(select(table.c.cancelled_at).where(table.c.job_id == job_id)).scalar() is not None


def end(control: Engine, job_id: str, state: JobState, now: datetime, **said: Any) -> None:
    """Write how a running job ended; the model may have another one from now on. One that has ended stays as it is."""
    values = {"state": state.value, "active_model": None, "ended_at": now, **said}
    running_job = (table.c.job_id == job_id, table.c.state == JobState.RUNNING.value)
    with writing(control).begin() as connection:
        connection.execute(update(table).where(*running_job).values(**values))


def ask_to_cancel(control: Engine, job_id: str, who: str, now: datetime) -> Job:
    """Ask a running job to end; its watcher does it. Raises UnknownJobError, JobNotRunningError."""
    wanted = update(table).where(table.c.job_id == job_id, table.c.state == JobState.RUNNING.value)
    with writing(control).begin() as connection:
        asked = connection.execute(wanted.values(cancelled_by=who, cancelled_at=now)).rowcount
    found = job(control, job_id)
    if not asked:
        raise JobNotRunningError(f"Job {job_id} of {found.model} runs no more: it is {found.state.value}.")
    return found


def job(control: Engine, job_id: str) -> Job:
    """Raises UnknownJobError."""
    found = _read(control, select(table).where(table.c.job_id == job_id))
    if not found:
        raise UnknownJobError(f"There is no job {job_id}. List them: python -m agent jobs list")
    return found[0]


def jobs(control: Engine, model: str | None = None, limit: int = 50) -> list[Job]:
    """The newest jobs, newest first."""
    query = select(table).order_by(table.c.started_at.desc(), table.c.job_id.desc()).limit(limit)
    return _read(control, query.where(table.c.model == model) if model else query)


def running(control: Engine, model: str | None = None) -> list[Job]:
    query = select(table).where(table.c.state == JobState.RUNNING.value)
    return _read(control, query.where(table.c.model == model) if model else query)


def of_decision(control: Engine, decision_id: str) -> list[Job]:
    """The jobs of a decision, the newest first."""
    return _read(control, select(table).where(table.c.decision_id == decision_id).order_by(table.c.started_at.desc()))


def counts(control: Engine) -> Mapping[tuple[str, str], int]:
    """How many jobs there are by model and state."""
    query = select(table.c.model, table.c.state, func.count()).group_by(table.c.model, table.c.state)
    with control.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def _read(control: Engine, query: Any) -> list[Job]:
    with control.connect() as connection:
        rows: Sequence[Any] = connection.execute(query).mappings().all()
    return [Job(**{name: row[name] for name in _FIELDS} | {"state": JobState(row["state"])}) for row in rows]
