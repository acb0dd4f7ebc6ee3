"""Runs passes of the loop in threads, for callers that cannot wait for a training; one at a time for each model."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

from agent.errors import BusyError
from agent.loop import Loop, Pass
from pipeline.errors import RefitError

log = logging.getLogger("refit.agent")

# A pass that finds its model busy ends at once, so threads are never all taken by those that wait.
THREADS_PER_MODEL = 3


class Passes:
    """Who may work is settled by the lease of each model, here as between processes."""

    def __init__(self, loops: Mapping[str, Loop]):
        self.loops = loops
        self._threads = ThreadPoolExecutor(THREADS_PER_MODEL * max(len(loops), 1), thread_name_prefix="pass")

    def check(self, model: str, wait_seconds: float) -> Pass | None:
        """One pass. None when it goes on after `wait_seconds`. Raises BusyError, and what the pass itself raises."""
        made = self._threads.submit(copy_context().run, self.loops[model].check)
        if wait([made], wait_seconds).not_done:
            made.add_done_callback(_reported(f"The check of {model}"))
            return None
        return made.result()

    def begin(self, loop: Loop) -> Future[Pass]:
        """One pass of a loop that decides on something else than usual, such as a request; it goes on by itself."""
        made = self._threads.submit(copy_context().run, loop.check)
        made.add_done_callback(_reported(f"What was asked for about {loop.spec.name}"))
        return made

    def carry_on(self, model: str) -> None:
        """Carry out what a person has answered, soon; while the model is busy, its next pass does it."""
        doing = self._threads.submit(copy_context().run, self.loops[model].resume)
        doing.add_done_callback(_reported(f"Carrying on with {model}"))

    def close(self) -> None:
        """Wait for what is under way; a process that is killed instead goes on after its restart."""
        self._threads.shutdown(wait=True)


def _reported(what: str) -> Callable[[Future[Any]], None]:
    def report(done: Future[Any]) -> None:
        error = done.exception()
        if isinstance(error, BusyError):
            log.info("%s is left to the next pass: %s", what, error)
        elif isinstance(error, RefitError):
            log.error("%s failed: %s", what, error)
        elif error is not None:
            # Its text may quote what a stranger wrote.
            log.error("%s failed: %s", what, type(error).__name__)

    return report
