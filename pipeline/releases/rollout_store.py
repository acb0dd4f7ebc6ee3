"""Rollouts as the control store keeps them: begun, advanced, ended; and `release`, which follows a model's rules.

Every event is a row that is never changed; the newest one of a model is the state of its rollout. Where a rollout
moves the champion pointer, it does so through pipeline.releases.promotion, with its gate and its compare-and-set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, Select, insert, select

from pipeline.errors import NoChampionError, PromotionRefusedError
from pipeline.records import Pointer, Promotion, version_tag
from pipeline.releases.promotion import promote, require_promotable, roll_back
from pipeline.releases.rollout import Guards, RolloutRules, Stage, Strategy, Traffic
from pipeline.store import control as tables
from pipeline.store.engine import racing

Figures = Mapping[str, Any]


class EventKind(StrEnum):
    STARTED = "started"
    ADVANCED = "advanced"
    COMPLETED = "completed"
    ROLLED_BACK = "roll_back"
    CANCELLED = "cancelled"


RUNNING = frozenset({EventKind.STARTED, EventKind.ADVANCED})


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A rollout at its newest event. `generation` is the champion pointer's when it began; `body` holds figures."""

    model: str
    seq: int
    rollout_id: str
    kind: EventKind
    version: int
    champion_version: int
    generation: int
    verdict_id: str
    decision_id: str | None
    strategy: Strategy
    stages: tuple[Stage, ...]
    guards: Guards
    stage: int
    body: Figures
    who: str
    why: str
    started_at: datetime
    at: datetime

    @property
    def running(self) -> bool:
        return self.kind in RUNNING

    @property
    def now(self) -> Stage:
        """The stage that the rollout is in."""
        return self.stages[self.stage]

    @property
    def promoted(self) -> bool:
        """Whether the plan has made the version champion already, and watches it now."""
        return self.now.traffic is Traffic.ALL

    @property
    def move_key(self) -> str:
        """Under which its promotion and its rollback are known, so that each happens once."""
        return self.decision_id or self.rollout_id


def current_rollout(control: Engine, model: str) -> Rollout | None:
    """The rollout that runs for `model` now."""
    with control.connect() as connection:
        return _running(connection, model)


def rollout_history(control: Engine, model: str, limit: int = 50) -> list[Rollout]:
    """The newest events, newest first."""
    with control.connect() as connection:
        return [_rollout(row) for row in connection.execute(_events(model).limit(limit))]


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
    with racing(control, f"the rollout of {model}") as connection:
        newest = _newest(connection, model)
        if newest and decision_id and newest.decision_id == decision_id:
            return newest
        if newest and newest.running:
            raise PromotionRefusedError(f"{_name(newest)} is being rolled out. End that rollout first.")
        champion = require_promotable(connection, model, version, verdict_id, expected_generation, now)
        if champion is None:
            raise NoChampionError(model)
        begun = Rollout(
            model=model,
            seq=newest.seq + 1 if newest else 1,
            rollout_id=uuid4().hex,
            kind=EventKind.STARTED,
            version=version,
            champion_version=champion.version,
            generation=champion.generation,
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
        return _append(connection, begun)


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
    return _follow(control, rollout, kind, {}, who, f"{_name(rollout)} is champion.", now, stage=watch)


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
        return _append(connection, event)


def _events(model: str) -> Select[Any]:
    table = tables.rollout_events
    return select(table).where(table.c.model == model).order_by(table.c.seq.desc())


def _newest(connection: Connection, model: str) -> Rollout | None:
    row = connection.execute(_events(model).limit(1)).first()
    return _rollout(row) if row else None


def _running(connection: Connection, model: str) -> Rollout | None:
    newest = _newest(connection, model)
    return newest if newest and newest.running else None


def _append(connection: Connection, event: Rollout) -> Rollout:
    values = dict(vars(event))
    plan = {
        "strategy": values.pop("strategy").value,
        "stages": [asdict(stage) for stage in values.pop("stages")],
        "guards": asdict(values.pop("guards")),
    }
    connection.execute(insert(tables.rollout_events).values(**values | {"plan": plan, "kind": event.kind.value}))
    return event


def _rollout(row: Row[Any]) -> Rollout:
    values = dict(row._mapping)
    plan = values.pop("plan")
    return Rollout(
        **values
        | {
            "kind": EventKind(values["kind"]),
            "strategy": Strategy(plan["strategy"]),
            "stages": _stages(plan["stages"]),
            "guards": Guards(**plan["guards"]),
        }
    )


def _stages(stored: Sequence[Mapping[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage(**dict(stage) | {"traffic": Traffic(stage["traffic"])}) for stage in stored)


def _name(rollout: Rollout) -> str:
    return f"{rollout.model} {version_tag(rollout.version)}"
