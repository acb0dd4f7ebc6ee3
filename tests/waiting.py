"""Waiting for what happens in its own time: a condition and a generous deadline, never a fixed pause."""

import time
from collections.abc import Callable
from typing import TypeVar

# What a loaded machine may need for what takes seconds by itself. Nothing is asserted about times.
PATIENCE = 300.0
PAUSE_SECONDS = 0.05
Found = TypeVar("Found")


def until(
    holds: Callable[[], Found],
    what: str | Callable[[], str] = "what was waited for",
    seconds: float = PATIENCE,
    *,
    pause_seconds: float = PAUSE_SECONDS,
) -> Found:
    """What `holds` returns, as soon as it is anything; fails with `what` when it is nothing for so many seconds.

    Where asking takes a while itself, a longer pause leaves the machine to what is waited for.
    """
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"Not within {seconds:.0f} s: {what() if callable(what) else what}"
        time.sleep(pause_seconds)
    return found
