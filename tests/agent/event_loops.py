"""Tells which statements on a database were made within an event loop, where all other requests wait for them."""

import asyncio

from sqlalchemy import Engine, event


def made_in_event_loop(engine: Engine) -> list[bool]:
    """Grows by one for each statement from now on: whether its thread ran an event loop."""
    found: list[bool] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(*_: object) -> None:
        found.append(_runs_a_loop())

    return found


def _runs_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
