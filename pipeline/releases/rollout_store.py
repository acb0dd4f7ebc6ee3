"""Rollouts begun, advanced, taken back and cancelled.

Every event is a row that is never changed (rollout_events.py). Where a rollout moves the champion pointer, it does so
through pipeline.releases.promotion, with its gate and its compare-and-set.
"""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from pipeline.errors import NoChampionError, PromotionRefusedError
from pipeline.faults import fault_point
from pipeline.records import JudgedVersion, Pointer, Provenance
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


def current_rollout(control: Engine, model: str) -> Rollout | None:
    """The rollout that runs for `model` now."""
    with control.connect() as connection:
        return _running(connection, model)


def rollout_history(control: Engine, model: str, limit: int = 50) -> list[Rollout]:
    """The newest events, newest first."""
    with control.connect() as connection:
        return [as_rollout(row) for row in connection.execute(events_of(model).limit(limit))]


def start_rollout(control: Engine, judged: JudgedVersion, rules: RolloutRules, provenance: Provenance) -> Rollout:
    """Begin a rollout, on the same conditions as a promotion. A repeated call for one decision changes nothing."""
    with racing(control, "the rollout", judged.model) as connection:
        newest = newest_event(connection, judged.model)
        if newest and provenance.decision_id and newest.decision_id == provenance.decision_id:
            return newest
        if newest and newest.running:
            raise PromotionRefusedError(f"{name_of(newest)} is being rolled out. End that rollout first.")
        stages = _plan(rules)
        champion = require_promotable(connection, judged, provenance.at)
        if champion is None:
            raise NoChampionError(judged.model)
        begun = Rollout(
            model=judged.model,
            seq=newest.seq + 1 if newest else 1,
            rollout_id=uuid4().hex,
            kind=EventKind.STARTED,
            version=judged.version,
            champion_version=champion.version,
            generation=judged.expected_generation,
            verdict_id=judged.verdict_id,
            strategy=rules.strategy,
            stages=stages,
            guards=rules.guards,
            stage=0,
            body={},
            started_at=provenance.at,
            **vars(provenance),
        )
        return append_event(connection, begun)


def advance(control: Engine, rollout: Rollout, provenance: Provenance, *, body: Figures | None = None) -> Rollout:
    """Enter the next stage; after the last one, or into one with all traffic, the version is promoted.

    Killed in between, the repeated call finds the promotion made. Raises what `promote` raises.
    """
    following = rollout.stage + 1
    last = following == len(rollout.stages)
    if not rollout.promoted and (last or rollout.stages[following].traffic is Traffic.ALL):
        promote(control, _judged(rollout), _once(rollout, provenance), begun_at=rollout.started_at)
        fault_point("rollout:promoted")
    kind = EventKind.COMPLETED if last else EventKind.ADVANCED
    return _follow(control, rollout, kind, provenance, body, stage=rollout.stage if last else following)


def take_back(control: Engine, rollout: Rollout, provenance: Provenance, *, body: Figures | None = None) -> Rollout:
    """End a rollout because its version fails; when it is champion already, the one before it is again."""
    if rollout.promoted:
        roll_back(control, rollout.model, rollout.generation + 1, _once(rollout, provenance))
    return _follow(control, rollout, EventKind.ROLLED_BACK, provenance, body)


def cancel(control: Engine, rollout: Rollout, provenance: Provenance) -> Rollout:
    """End a rollout without moving the champion: a person stops it, or the champion was moved by another hand."""
    return _follow(control, rollout, EventKind.CANCELLED, provenance)


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
    return _follow(
        control, rollout, kind, Provenance(who=who, why=f"{name_of(rollout)} is champion.", at=now), stage=watch
    )


def _plan(rules: RolloutRules) -> tuple[Stage, ...]:
    if not rules.plan or rules.plan[0].traffic is Traffic.ALL:
        raise PromotionRefusedError(
            "A rollout begins with a stage in which the champion serves. Promote directly, or put one in front."
        )
    return rules.plan


def _judged(rollout: Rollout) -> JudgedVersion:
    return JudgedVersion(
        model=rollout.model,
        version=rollout.version,
        verdict_id=rollout.verdict_id,
        expected_generation=rollout.generation,
    )


def _once(rollout: Rollout, provenance: Provenance) -> Provenance:
    """With the key under which a repeated move of the champion by this rollout is found made."""
    return replace(provenance, decision_id=rollout.move_key)


def _follow(
    control: Engine,
    rollout: Rollout,
    kind: EventKind,
    provenance: Provenance,
    body: Figures | None = None,
    stage: int | None = None,
) -> Rollout:
    """The next event of a rollout, which stays with the decision that began it."""
    event = replace(
        rollout,
        seq=rollout.seq + 1,
        kind=kind,
        stage=rollout.stage if stage is None else stage,
        body=body or {},
        who=provenance.who,
        why=provenance.why,
        at=provenance.at,
    )
    with racing(control, "the rollout", rollout.model) as connection:
        return append_event(connection, event)


def _running(connection: Connection, model: str) -> Rollout | None:
    newest = newest_event(connection, model)
    return newest if newest and newest.running else None
