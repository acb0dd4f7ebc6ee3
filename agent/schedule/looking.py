"""Puts the clockwork of an agent together from settings and loops, and runs it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from agent.commands import rendering
from agent.errors import ScheduleError
from agent.loop import Loop, holder_name
from agent.observability.log_lines import bound
from agent.schedule.arrivals import look_at_arrivals
from agent.schedule.calendar import Plan
from agent.schedule.clockwork import TICK_SECONDS, Clockwork
from agent.schedule.data_events import waiting
from agent.schedule.duties import Duties
from agent.schedule.housekeeping import Housekeeping
from agent.schedule.leading import Leadership, leadership
from agent.schedule.plans import plans_of, unknown_names
from agent.schedule.presence import EVERYTHING, Presence, crew_name
from agent.schedule.turns import Turns
from agent.settings import AgentSettings
from pipeline.catalog import catalog, whole_catalog
from pipeline.clock import utc_now
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from tools.job_settling import settle

log = logging.getLogger("refit.agent")

# An agent is there as long as one of so many announcements in a row gets through.
BEATS = 3


@contextmanager
def looking(settings: AgentSettings, store: Store, loops: Mapping[str, Loop], *, wanted: bool = True) -> Iterator[None]:
    """Look at the models of `loops` by the clock for as long as the block lasts."""
    if not wanted:
        yield
        return
    works = _clockwork(settings, store, loops)
    works.start()
    try:
        yield
    finally:
        works.close()


def _clockwork(settings: AgentSettings, store: Store, loops: Mapping[str, Loop]) -> Clockwork:
    specs = catalog()
    for name in unknown_names(settings.schedules, specs):
        log.warning("REFIT_AGENT_SCHEDULES names %s, which is no managed model: nothing follows from it.", name)
    crew, holder = crew_name(loops, specs), holder_name()
    ttl = timedelta(seconds=max(settings.lease_seconds, BEATS * TICK_SECONDS))
    plans = deployed_plans(settings, [loop.spec for loop in loops.values()])
    # What concerns all models at once is for an agent of all of them.
    lead = leadership(store.control, holder, ttl) if crew == EVERYTHING else None
    return Clockwork(
        turns=Turns(store.control, plans, Presence(store.control, holder, ttl, crew)),
        duties=_duties(store, loops),
        housekeeping=_housekeeping(settings, store, lead),
        clock=utc_now,
    )


def _duties(store: Store, loops: Mapping[str, Loop]) -> Duties:
    return Duties(
        looks={name: partial(_look, loop) for name, loop in loops.items()},
        resumes={name: loop.resume for name, loop in loops.items()},
        arrivals={name: partial(look_at_arrivals, store, loop, utc_now) for name, loop in loops.items()},
        arrived=lambda: waiting(store.control, utc_now()),
    )


def _housekeeping(settings: AgentSettings, store: Store, lead: Leadership | None) -> Housekeeping:
    return Housekeeping(
        tidy=lambda: settle(store.control, settings.pipeline.root, utc_now()),
        archive=partial(_archive, settings, store),
        leadership=lead,
    )


def _look(loop: Loop) -> None:
    """One scheduled pass, told in a line of the log."""
    decision = loop.check(scheduled=True).decision
    with bound(model=decision.model, decision_id=decision.decision_id):
        reasons = " ".join(rendering.reasons(decision))
        log.info("%s: %s, decision %s. %s", decision.model, decision.headline, decision.decision_id, reasons)


def _archive(settings: AgentSettings, store: Store) -> None:
    # Imported here: it brings pyarrow, and most deployments keep everything.
    from pipeline.keeping.retention import archive_old_rows

    done = archive_old_rows(settings.pipeline, store, whole_catalog(), utc_now())
    if done is not None:
        log.info("Archived rows: %s.", ", ".join(f"{rows} {table}" for table, rows in done.rows.items()) or "none")


def deployed_plans(settings: AgentSettings, specs: Sequence[ModelSpec]) -> list[Plan]:
    """Every plan as this deployment has it. Raises ScheduleError for a calendar or a time zone that cannot be read."""
    try:
        return plans_of(specs, settings.schedules, settings.interval_minutes)
    except ValueError as error:
        raise ScheduleError(str(error)) from None
