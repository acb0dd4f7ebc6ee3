"""Trainings as jobs over HTTP: how far they are, how they ended, and how to end one. Logs stay on the machine."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from agent.record.canonical import to_plain
from pipeline.clock import Clock
from pipeline.store.open import Store
from tools import jobs as job_table
from tools.job_settling import cancel
from tools.jobs import Job, JobState

JobId = Annotated[str, Path(max_length=60)]


class WhoCancels(BaseModel):
    """Who wants a training to end, for the record."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    who: str = Field(min_length=1, max_length=80)


def job_routes(store: Store, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/jobs", tags=["jobs"])

    @routes.get("")
    def listed(
        model: Annotated[str | None, Query(max_length=80)] = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> dict[str, Any]:
        """The newest trainings, newest first."""
        return {"jobs": [job_row(job, clock()) for job in job_table.jobs(store.control, model, limit)]}

    @routes.get("/{job_id}")
    def one(job_id: JobId) -> dict[str, Any]:
        return job_row(job_table.job(store.control, job_id), clock())

    @routes.post("/{job_id}/cancel", status_code=202)
    def cancelled(job_id: JobId, body: WhoCancels) -> dict[str, Any]:
        """End a running training; it ends within seconds. Its decision is closed with what happened."""
        return job_row(cancel(store.control, job_id, body.who, clock()), clock())

    return routes


def job_row(job: Job, now: Any) -> dict[str, Any]:
    """A job as people see it. `watched` false: nobody has written of it for a while."""
    row: dict[str, Any] = to_plain(job)
    live = job.state is JobState.RUNNING
    seconds = ((now if live else job.ended_at or now) - job.started_at).total_seconds()
    return row | {"seconds": round(seconds, 1), "watched": live and not job.silent(now)}
