"""The commands `jobs list`, `show`, `log` and `cancel`."""

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from agent.commands.console import AsJson, SomeModel, opened, out, say
from agent.commands.rendering import print_json
from tools import jobs as job_table
from tools.job_files import files_of
from tools.job_settling import cancel, settle

AJob = Annotated[str, typer.Argument(metavar="JOB", help="Its id, as `jobs list` shows it.")]


def list_jobs(
    model: SomeModel = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    json: AsJson = False,
) -> None:
    """The newest trainings, newest first: how far they are, what they took, how they ended."""
    # Imported here, as below: FastAPI takes half a second, and the other commands need none of it.
    from agent.control_plane.jobs_api import job_row

    now = datetime.now(UTC)
    with opened() as (settings, store):
        settle(store.control, settings.pipeline.root, now)
        rows = [job_row(job, now) for job in job_table.jobs(store.control, model, limit)]
    if json:
        print_json({"jobs": rows})
        return
    table = Table("job", "model", "state", "how far", "seconds", "memory", "version")
    for row in rows:
        table.add_row(*_cells(row))
    if rows:
        out.print(table)
    else:
        say("No training was made by the agent yet.")


def show_job(job: AJob, json: AsJson = False) -> None:
    """One training: limits, process, and why it ended as it did."""
    from agent.control_plane.jobs_api import job_row

    with opened() as (_, store):
        row = job_row(job_table.job(store.control, job), datetime.now(UTC))
    if json:
        print_json(row)
        return
    for name, value in row.items():
        if value is not None:
            say(f"{name:20} {value}")


def show_log(
    job: AJob,
    lines: Annotated[int, typer.Option(min=1, help="The last so many.")] = 50,
    json: AsJson = False,
) -> None:
    """The end of a training's log, on the machine that made it."""
    with opened() as (settings, store):
        found = job_table.job(store.control, job)
        files = files_of(settings.pipeline.root, found.job_id)
    if json:
        print_json({"job": found.job_id, "host": found.host, "lines": list(files.last_lines(lines))})
        return
    if not files.log.exists():
        say(f"There is no log in {files.folder}: the job ran on {found.host}, or its files were cleared.")
    for line in files.last_lines(lines):
        print(line)


def cancel_job(
    job: AJob,
    who: Annotated[str | None, typer.Option(help="Who cancels; default: the user's name.")] = None,
    json: AsJson = False,
) -> None:
    """End a running training. Its decision is closed with what happened, and is not trained for again."""
    with opened() as (_, store):
        cancelled = cancel(store.control, job, who or getpass.getuser(), datetime.now(UTC))
    if json:
        print_json({"job": cancelled.job_id, "model": cancelled.model, "ended_at": cancelled.ended_at})
        return
    ending = "" if cancelled.ended_at else " It ends within seconds: python -m agent jobs list"
    say(f"Job {job} of {cancelled.model} is cancelled.{ending}")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    steps = f" {row['steps_done']}/{row['steps_total']}" if row["steps_total"] else ""
    state = row["state"] if row["watched"] or row["state"] != "running" else "running, unwatched"
    memory = f"{row['memory_bytes'] / 1e6:.0f} MB" if row["memory_bytes"] else ""
    version = f"v{row['version']}" if row["version"] else ""
    return row["job_id"], row["model"], state, f"{row['stage'] or ''}{steps}", f"{row['seconds']:.0f}", memory, version
