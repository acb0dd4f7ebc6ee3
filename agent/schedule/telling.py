"""What fails in a thread of the clockwork is told in the log and stops nothing else."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from agent.errors import BusyError
from pipeline.errors import RefitError

log = logging.getLogger("refit.agent")


@contextmanager
def told(what: str) -> Iterator[None]:
    """What fails is reported and tried again at its next time; the other models go on. BusyError passes through."""
    try:
        yield
    except BusyError:
        raise
    except RefitError as error:
        log.error("%s failed: %s", what, error)
    except Exception as error:  # noqa: BLE001
        # The edge of a thread: its text may quote what a stranger wrote, so the type alone is told.
        log.error("%s failed: %s", what, type(error).__name__)
