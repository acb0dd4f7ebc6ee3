"""Puts the clockwork of an agent together from settings and loops, and runs it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from agent.commands import rendering
from agent.errors import ScheduleError
from agent.loop import Loop, holder_name
from agent.observability.log_lines import bound
from agent.schedule.arrivals import look_at_arrivals
from agent.schedule.calendar import Plan
from agent.schedule.clockwork import Clockwork
from agent.schedule.data_events import waiting
from agent.schedule.leading import NAME, Leadership, leadership
from agent.schedule.plans import plans_of
from agent.schedule.sharing import Share, group_of
from agent.settings import AgentSettings
from pipeline.catalog import catalog
from pipeline.spec import ModelSpec
from pipeline.store.open import Store
from tools.job_settling import settle

log = logging.getLogger("refit.agent")


@contextmanager
def looking(settings: AgentSettings, store: Store, loops: Mapping[str, Loop], *, wanted: bool = True) -> Iterator[None]:
    """Look at the models of `loops` by the clock for as long as the block lasts."""
    if not wanted:
        yield
        return
    if set(loops) != set(catalog()):
        # Whoever leads all models must not keep an agent of some models from them: claims let none fire twice.
        name = f"{NAME}:{','.join(sorted(loops))}"[:120]
        lead = leadership(store.control, holder_name(), timedelta(seconds=settings.lease_seconds), name)
        with _running(_clockwork(settings, store, loops, lead)):
            yield
        return
    groups = settings.schedule_groups
    share = Share(store.control, holder_name(), timedelta(seconds=settings.lease_seconds), groups)
    with ExitStack() as running:
        for group in range(groups):
            mine = {name: loop for name, loop in loops.items() if group_of(name, groups) == group}
            running.enter_context(_running(_clockwork(settings, store, mine, share.of(group), archives=group == 0)))
        yield


@contextmanager
def _running(works: Clockwork) -> Iterator[None]:
    works.start()
    try:
        yield
    finally:
        works.close()


def _clockwork(
    settings: AgentSettings, store: Store, loops: Mapping[str, Loop], lead: Leadership, *, archives: bool = False
) -> Clockwork:
    """`archives`: this one also moves old rows into the archive, once a day; it concerns all models at once."""
    archive = partial(_archive, settings, store) if archives else _nothing
    return Clockwork(
        control=store.control,
        plans=deployed_plans(settings, [loop.spec for loop in loops.values()]),
        looks={name: partial(_look, loop) for name, loop in loops.items()},
        resumes={name: loop.resume for name, loop in loops.items()},
        leadership=lead,
        clock=_utc_now,
        arrivals={name: partial(look_at_arrivals, store, loop, _utc_now) for name, loop in loops.items()},
        arrived=lambda: waiting(store.control, _utc_now()),
        tidy=lambda: settle(store.control, settings.pipeline.root, _utc_now()),
        archive=archive,
    )


def _look(loop: Loop) -> None:
    """One scheduled pass, told in a line of the log."""
    decision = loop.check(scheduled=True).decision
    with bound(model=decision.model, decision_id=decision.decision_id):
        reasons = " ".join(rendering.reasons(decision))
        log.info("%s: %s, decision %s. %s", decision.model, decision.headline, decision.decision_id, reasons)


def _nothing() -> None:
    """An act that another clockwork has."""


def _archive(settings: AgentSettings, store: Store) -> None:
    # Imported here: it brings pyarrow, and most deployments keep everything.
    from pipeline.keeping.retention import archive_old_rows

    done = archive_old_rows(settings.pipeline, store, catalog(), _utc_now())
    if done is not None:
        log.info("Archived rows: %s.", ", ".join(f"{rows} {table}" for table, rows in done.rows.items()) or "none")


def deployed_plans(settings: AgentSettings, specs: Sequence[ModelSpec]) -> list[Plan]:
    """Every plan as this deployment has it. Raises ScheduleError for a calendar or a time zone that cannot be read."""
    try:
        return plans_of(specs, settings.schedules, settings.interval_minutes)
    except ValueError as error:
        raise ScheduleError(str(error)) from None


def _utc_now() -> datetime:
    return datetime.now(UTC)
