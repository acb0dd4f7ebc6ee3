"""`GET /alerts` and `POST /alerts/retry`: what waits, what was given up, which incidents are open."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from agent.alerts import incident_store, outbox
from agent.alerts.outbox import Queued, Tally
from agent.record.canonical import to_plain


class Retry(BaseModel):
    """Which dead letter to send again; all of them where none is named."""

    model_config = ConfigDict(extra="forbid")
    seq: int | None = Field(None, ge=1)


def status_of(control: Engine, channels: Sequence[str]) -> dict[str, Any]:
    """The channels (set up ones first), dead letters without their content, and incidents, newest first."""
    known = outbox.tallies(control)
    others = sorted(set(known) - set(channels))
    rows = [vars(known.get(name, Tally(channel=name))) | {"set_up": name in channels} for name in (*channels, *others)]
    letters = [letter_row(letter) for letter in outbox.dead_letters(control)]
    plain: dict[str, Any] = to_plain(
        {"channels": rows, "dead_letters": letters, "incidents": incident_store.incidents(control)}
    )
    return plain


def letter_row(letter: Queued) -> dict[str, Any]:
    kept = {name: getattr(letter, name) for name in ("seq", "channel", "attempts", "queued_at", "ended_at")}
    return kept | {
        "last_error": letter.last_error,
        "model": letter.notice.model,
        "kind": letter.notice.kind,
        "headline": letter.notice.headline,
        "decision_id": letter.notice.decision_id,
    }


def alert_routes(control: Engine, channels: Sequence[str], clock: Callable[[], datetime]) -> APIRouter:
    """The routes, for an application that checks who may ask."""
    routes = APIRouter(prefix="/alerts", tags=["alerts"])

    @routes.get("")
    def alerts() -> dict[str, Any]:
        """Every channel with what waits and what went wrong, dead letters, incidents."""
        return status_of(control, channels)

    @routes.post("/retry")
    def retry(wanted: Retry) -> dict[str, Any]:
        """Queue dead letters again, and try at once what waits for a channel that failed."""
        return {"queued_again": outbox.revive(control, clock(), wanted.seq)}

    return routes
