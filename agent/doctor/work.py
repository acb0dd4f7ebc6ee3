"""Checks of the work itself: champions, the clockwork, alerts that were given up, jobs that were lost."""

from collections.abc import Iterator
from datetime import datetime

from agent.alerts.outbox import tallies
from agent.doctor.finding import Finding, off, ok, warning
from agent.schedule.presence import agents_that_look
from pipeline.catalog import catalog
from pipeline.records import version_tag
from pipeline.releases.promotion import pointer
from pipeline.store.open import Store
from tools import jobs

AREA = "work"


def champions_serve(store: Store, default_model: str) -> Iterator[Finding]:
    for name in sorted(catalog()):
        found = pointer(store.control, name)
        if found:
            yield ok(AREA, f"champion of {name}", version_tag(found.version))
        elif name == default_model:
            mend = f"python -m pipeline train {name} --promote"
            yield warning(AREA, f"champion of {name}", "none: predictions are refused", mend)
        else:
            yield off(AREA, f"champion of {name}", "none yet")


def somebody_looks(store: Store, now: datetime) -> Iterator[Finding]:
    agents = agents_that_look(store.control, now)
    if agents:
        yield ok(AREA, "clockwork", f"run by {', '.join(agents)}")
    else:
        yield warning(AREA, "clockwork", "no agent looks at the models by the clock", "python -m agent run, or make up")


def alerts_get_through(store: Store) -> Iterator[Finding]:
    for tally in tallies(store.control).values():
        if tally.dead:
            seen = f"{tally.dead} notices were given up ({tally.last_error or 'no reason'})"
            yield warning(AREA, f"outbox of {tally.channel}", seen, "Mend the channel; python -m agent alerts retry")
        else:
            yield ok(AREA, f"outbox of {tally.channel}", f"{tally.waiting} wait, {tally.sent} were sent")


def jobs_are_well(store: Store, now: datetime) -> Iterator[Finding]:
    live = jobs.running(store.control)
    for job in live:
        if job.silent(now):
            mend = f"Start the agent, which watches it again, or: python -m agent jobs cancel {job.job_id}"
            yield warning(AREA, f"job {job.job_id}", f"a training of {job.model} that nobody watches", mend)
    if not any(job.silent(now) for job in live):
        yield ok(AREA, "jobs", f"{len(live)} run")
