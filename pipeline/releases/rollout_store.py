"""Rollouts begun, advanced, ended; and `release`, which follows a model's rules.

Every event is a row that is never changed (rollout_events.py). Where a rollout moves the champion pointer, it does so
through pipeline.releases.promotion, with its gate and its compare-and-set.
"""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from pipeline.errors import NoChampionError, PromotionRefusedError
from pipeline.records import Pointer, Promotion
from pipeline.releases.promotion import promote, roll_back
from pipeline.releases.requirements import require_promotable
from pipeline.releases.rollout import RolloutRules, Stage, Traffic
from pipeline.releases.rollout_events import (
    EventKind,
    Figures,
    Rollout,
    append_event,
    as_rollout,
    events_of,
    name_of,
    newest_event,
)
from pipeline.store.engine import racing

__all__ = [
    "EventKind",
    "Rollout",
    "advance",
    "current_rollout",
    "end_rollout",
    "release",
    "rollout_history",
    "settle",
    "start_rollout",
    "take_back",
    "was_overtaken",
    "was_promoted",
]


def current_rollout(control: Engine, model: str) -> Rollout | None:
    """The rollout that runs for `model` now."""
    with control.connect() as connection:
        return _running(connection, model)


def rollout_history(control: Engine, model: str, limit: int = 50) -> list[Rollout]:
    """The newest events, newest first."""
    with control.connect() as connection:
        return [as_rollout(row) for row in connection.execute(events_of(model).limit(limit))]


def release(
    control: Engine,
    *,
    model: str,
    version: int,
    verdict_id: str,
    expected_generation: int,
    rules: RolloutRules,
    who: str,
    why: str,
    now: datetime,
    decision_id: str | None = None,
) -> Promotion | Rollout:
    """Bring a version into service as the rules say: promoted at once, or by a rollout, which needs a champion.

    Raises what `promote` raises, and PromotionRefusedError while another rollout runs.
    """
    facts = {"model": model, "version": version, "verdict_id": verdict_id, "expected_generation": expected_generation}
    said = {"who": who, "why": why, "now": now, "decision_id": decision_id}
    if not rules.plan or expected_generation == 0:
        return promote(control, **facts, **said)  # type: ignore[arg-type]
    return start_rollout(control, **facts, **said, rules=rules)  # type: ignore[arg-type]


def start_rollout(
    control: Engine,
    *,
    model: str,
    version: int,
    verdict_id: str,
    expected_generation: int,
    rules: RolloutRules,
    who: str,
    why: str,
    now: datetime,
    decision_id: str | None = None,
) -> Rollout:
    """Begin a rollout, on the same conditions as a promotion. A repeated call for one decision changes nothing."""
    begun = Rollout(
        model=model,
        seq=1,
        rollout_id=uuid4().hex,
        kind=EventKind.STARTED,
        version=version,
        champion_version=0,
        generation=expected_generation,
        verdict_id=verdict_id,
        decision_id=decision_id,
        strategy=rules.strategy,
        stages=_plan(rules),
        guards=rules.guards,
        stage=0,
        body={},
        who=who,
        why=why,
        started_at=now,
        at=now,
    )
    with racing(control, f"the rollout of {model}") as connection:
        return _begin(connection, begun)


def _begin(connection: Connection, begun: Rollout) -> Rollout:
    """Put a rollout behind the events of its model and beside the present champion."""
    newest = newest_event(connection, begun.model)
    if newest and begun.decision_id and newest.decision_id == begun.decision_id:
        return newest
    if newest and newest.running:
        raise PromotionRefusedError(f"{name_of(newest)} is being rolled out. End that rollout first.")
    champion = require_promotable(connection, begun.model, begun.version, begun.verdict_id, begun.generation, begun.at)
    if champion is None:
        raise NoChampionError(begun.model)
    seq = newest.seq + 1 if newest else 1
    return append_event(connection, replace(begun, seq=seq, champion_version=champion.version))


def advance(control: Engine, rollout: Rollout, *, body: Figures, who: str, why: str, now: datetime) -> Rollout:
    """Enter the next stage; after the last one, or into one with all traffic, the version is promoted.

    Killed in between, the repeated call finds the promotion made. Raises what `promote` raises.
    """
    following = rollout.stage + 1
    last = following == len(rollout.stages)
    if not rollout.promoted and (last or rollout.stages[following].traffic is Traffic.ALL):
        promote(
            control,
            model=rollout.model,
            version=rollout.version,
            verdict_id=rollout.verdict_id,
            expected_generation=rollout.generation,
            who=who,
            why=why,
            now=now,
            decision_id=rollout.move_key,
        )
    kind = EventKind.COMPLETED if last else EventKind.ADVANCED
    return _follow(control, rollout, kind, body, who, why, now, stage=rollout.stage if last else following)


def take_back(control: Engine, rollout: Rollout, *, body: Figures, who: str, why: str, now: datetime) -> Rollout:
    """End a rollout because its version fails; when it is champion already, the one before it is again."""
    if rollout.promoted:
        roll_back(
            control,
            model=rollout.model,
            expected_generation=rollout.generation + 1,
            who=who,
            why=why,
            now=now,
            decision_id=rollout.move_key,
        )
    return _follow(control, rollout, EventKind.ROLLED_BACK, body, who, why, now)


def end_rollout(
    control: Engine,
    rollout: Rollout,
    kind: EventKind,
    *,
    who: str,
    why: str,
    now: datetime,
    body: Figures | None = None,
) -> Rollout:
    """End a rollout without moving the champion: a person cancels it, or the champion was moved by another hand."""
    return _follow(control, rollout, kind, body or {}, who, why, now)


def was_promoted(rollout: Rollout, champion: Pointer) -> bool:
    """Whether the version became champion without the event that says so: a kill in between, or another hand."""
    return (
        not rollout.promoted and champion.version == rollout.version and champion.generation == rollout.generation + 1
    )


def was_overtaken(rollout: Rollout, champion: Pointer) -> bool:
    """Whether another hand has moved the champion, so that this rollout compares with what serves no longer."""
    expected = rollout.generation + int(rollout.promoted)
    return champion.generation != expected and not was_promoted(rollout, champion)


def settle(control: Engine, rollout: Rollout, *, who: str, now: datetime) -> Rollout:
    """Write down a promotion that was made: go to the stage that watches it, or complete the rollout."""
    watch = next((i for i, stage in enumerate(rollout.stages) if stage.traffic is Traffic.ALL), None)
    kind = EventKind.COMPLETED if watch is None else EventKind.ADVANCED
    return _follow(control, rollout, kind, {}, who, f"{name_of(rollout)} is champion.", now, stage=watch)


def _plan(rules: RolloutRules) -> tuple[Stage, ...]:
    if not rules.plan or rules.plan[0].traffic is Traffic.ALL:
        raise PromotionRefusedError(
            "A rollout begins with a stage in which the champion serves. Promote directly, or put one in front."
        )
    return rules.plan


def _follow(
    control: Engine,
    rollout: Rollout,
    kind: EventKind,
    body: Figures,
    who: str,
    why: str,
    now: datetime,
    stage: int | None = None,
) -> Rollout:
    position = rollout.stage if stage is None else stage
    event = replace(rollout, seq=rollout.seq + 1, kind=kind, stage=position, body=body, who=who, why=why, at=now)
    with racing(control, f"the rollout of {rollout.model}") as connection:
        return append_event(connection, event)


def _running(connection: Connection, model: str) -> Rollout | None:
    newest = newest_event(connection, model)
    return newest if newest and newest.running else None
