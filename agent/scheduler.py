"""Runs the loop by the clock: one job for each managed model, never two at once, missed runs taken together."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from agent.errors import BusyError
from pipeline.errors import RefitError

log = logging.getLogger("refit.agent")

MISFIRE_SECONDS = 300


def build_scheduler(
    checks: Mapping[str, Callable[[], object]], interval_minutes: float, scheduler: BaseScheduler | None = None
) -> BaseScheduler:
    """A scheduler that calls each model's check every interval, at once for the first time.

    Jobs live in memory: when a look was last made stands in the store, and the lease lets one agent work.
    """
    built = scheduler or BackgroundScheduler(timezone=UTC)
    for model, check in checks.items():
        built.add_job(
            _guarded(model, check),
            "interval",
            minutes=interval_minutes,
            id=model,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=MISFIRE_SECONDS,
        )
    return built


def _guarded(model: str, check: Callable[[], object]) -> Callable[[], None]:
    """A look that fails is reported and tried again at the next interval; the other models go on."""

    def run() -> None:
        try:
            check()
        except BusyError as error:
            log.info("%s", error)
        except RefitError as error:
            log.error("The look at %s failed: %s", model, error)

    return run
