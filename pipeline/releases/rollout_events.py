"""A rollout as the control store keeps it: events that are never changed, of which the newest is its state."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from pipeline.records import version_tag
from pipeline.releases.rollout import Guards, Stage, Strategy, Traffic
from pipeline.store import control as tables

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


def events_of(model: str) -> Select[Any]:
    table = tables.rollout_events
    return select(table).where(table.c.model == model).order_by(table.c.seq.desc())


def newest_event(connection: Connection, model: str) -> Rollout | None:
    row = connection.execute(events_of(model).limit(1)).first()
    return as_rollout(row) if row else None


def append_event(connection: Connection, event: Rollout) -> Rollout:
    values = dict(vars(event))
    plan = {
        "strategy": values.pop("strategy").value,
        "stages": [asdict(stage) for stage in values.pop("stages")],
        "guards": asdict(values.pop("guards")),
    }
    connection.execute(insert(tables.rollout_events).values(**values | {"plan": plan, "kind": event.kind.value}))
    return event


def as_rollout(row: Row[Any]) -> Rollout:
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


def name_of(rollout: Rollout) -> str:
    return f"{rollout.model} {version_tag(rollout.version)}"
