"""The plans of the managed models: what their files say, and what a deployment says otherwise."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.schedule.calendar import Kind, Plan, checked_calendar
from pipeline.spec import ModelSpec, ScheduleRules


class ScheduleChange(BaseModel):
    """What a deployment says otherwise about one model; what it leaves out stays as the model's file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look_minutes: float | None = Field(None, gt=0)
    retrain: str | None = None
    zone: str | None = None
    jitter_seconds: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _readable(self) -> "ScheduleChange":
        checked_calendar(self.retrain or "@daily", self.zone or "UTC")
        return self


Changes = Mapping[str, ScheduleChange]


def rules_of(spec: ModelSpec, changes: Changes) -> ScheduleRules:
    """The schedule of a model in this deployment. Raises ValueError for a calendar that cannot be read."""
    said = changes[spec.name].model_dump(exclude_none=True) if spec.name in changes else {}
    rules = ScheduleRules(**(vars(spec.schedule) | said))
    if rules.retrain is not None:
        checked_calendar(rules.retrain, rules.zone)
    return rules


def look_plan(spec: ModelSpec, changes: Changes, usual_minutes: float) -> Plan:
    rules = rules_of(spec, changes)
    every = timedelta(minutes=rules.look_minutes or usual_minutes)
    return Plan(model=spec.name, kind=Kind.LOOK, every=every, jitter=timedelta(seconds=rules.jitter_seconds))


def retraining_plan(spec: ModelSpec, changes: Changes) -> Plan | None:
    """None where the model retrains so many days after the last training: then a look finds it due."""
    rules = rules_of(spec, changes)
    if rules.retrain is None:
        return None
    jitter = timedelta(seconds=rules.jitter_seconds)
    return Plan(model=spec.name, kind=Kind.RETRAINING, cron=rules.retrain, zone=rules.zone, jitter=jitter)


def unknown_names(changes: Changes, known: Iterable[str]) -> list[str]:
    """The names that a deployment says something about and no managed model has."""
    return sorted(set(changes) - set(known))


def plans_of(specs: Iterable[ModelSpec], changes: Changes, usual_minutes: float) -> list[Plan]:
    """Every plan of every model, in the order of the models."""
    both = [(look_plan(spec, changes, usual_minutes), retraining_plan(spec, changes)) for spec in specs]
    return [plan for pair in both for plan in pair if plan is not None]
