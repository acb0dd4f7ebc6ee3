"""What the schedule looks like to people: last and next times of every plan, which agents look, and which leads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from agent.schedule.calendar import Plan, due, next_due
from agent.schedule.claims import claimed_until, newest_claim
from agent.schedule.leading import leader
from agent.schedule.presence import agents_that_look


def schedule_body(control: Engine, plans: Sequence[Plan], now: datetime) -> dict[str, Any]:
    """Without `agents` that run the clock, nothing is done until one does."""
    return {
        "agents": agents_that_look(control, now),
        "leader": leader(control, now),
        "plans": [_row(control, plan, now) for plan in plans],
    }


def next_times(control: Engine, plans: Sequence[Plan], model: str, now: datetime) -> Mapping[str, datetime]:
    """The next time of each kind for one model; what was missed is next at once."""
    return {plan.kind.value: _next(control, plan, now) for plan in plans if plan.model == model}


def _next(control: Engine, plan: Plan, now: datetime) -> datetime:
    missed = due(plan, claimed_until(control, plan, now), now)
    return now if missed is not None else next_due(plan, now)


def _row(control: Engine, plan: Plan, now: datetime) -> dict[str, Any]:
    last, following = newest_claim(control, plan), _next(control, plan, now)
    return {
        "model": plan.model,
        "kind": plan.kind,
        "when": plan.words(),
        "last_at": last.fired_at if last else None,
        "last_by": last.holder if last else None,
        "next_at": following,
        "next_local": following.astimezone(ZoneInfo(plan.zone)).isoformat(timespec="seconds"),
    }
