"""The command that brings a version into service by a rollout and waits for its end, as a delivery workflow does."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, Model, Version, Who, Why, at_work, opened, say
from pipeline.commands.versions import judged, number
from pipeline.errors import PromotionRefusedError, RefitError
from pipeline.records import Promotion, Provenance, version_tag
from pipeline.releases.release import release
from pipeline.releases.rollout import RolloutRules, Strategy
from pipeline.releases.rollout_events import EventKind, Rollout
from pipeline.releases.rollout_store import rollout_history

LOOK_SECONDS = 2.0


def release_version(
    model: Model,
    version: Version,
    strategy: Annotated[Strategy | None, typer.Option(help="How; default: as the model's rules say.")] = None,
    wait_minutes: Annotated[float, typer.Option(min=0, help="How long to wait for the rollout's end.")] = 60.0,
    who: Who = "operator",
    why: Why = "asked for",
    json: AsJson = False,
) -> None:
    """Judge a version, bring it into service by a rollout, and wait. Exit code 3 when it is refused or taken back."""
    # Imported here: scikit-learn and MLflow take seconds, and every command would pay for them.
    from pipeline.releases.views import show_move
    from pipeline.training.retraining import judge_again
    from pipeline.training.workbench import open_workbench

    with opened(model) as at, at_work("judging", json) as tell:
        record = judge_again(open_workbench(at.settings, at.store, at.spec), number(version))
        ready = judged(at, record.version, record.verdict_id)
        rules = rules_for(at.spec.rollout, strategy)
        made = release(at.store.control, ready, rules, Provenance(who=who, why=why, at=datetime.now(UTC)))
        tell("rolling out")
        if isinstance(made, Promotion):
            show_move(at.settings, at.store.control, made)
            kind = EventKind.COMPLETED
        else:
            kind = ended(at.store.control, made, wait_minutes * 60)
    _say_how(model, record.version, kind, json)


def rules_for(of_the_model: RolloutRules, wanted: Strategy | None) -> RolloutRules:
    """The model's own rules, or another strategy's stages under the model's guards."""
    if wanted is None or wanted == of_the_model.strategy:
        return of_the_model
    return replace(of_the_model, strategy=wanted, stages=())


def ended(control: Engine, started: Rollout, seconds: float) -> EventKind:
    """How the rollout ended; the services carry it out. Raises RefitError when it still runs after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        events = rollout_history(control, started.model)
        newest = next(event for event in events if event.rollout_id == started.rollout_id)
        if not newest.running:
            return newest.kind
        if time.monotonic() > deadline:
            raise RefitError(
                f"The rollout of {started.model} {version_tag(started.version)} still runs after "
                f"{seconds / 60:.0f} minutes, at stage {newest.stage + 1} of {len(newest.stages)}. It goes on by "
                f"itself as requests come in: python -m pipeline status {started.model}"
            )
        time.sleep(LOOK_SECONDS)


def _say_how(model: str, version: int, kind: EventKind, json: bool) -> None:
    """Raises PromotionRefusedError for a version that did not come into service."""
    tag = version_tag(version)
    if kind is not EventKind.COMPLETED:
        raise PromotionRefusedError(
            f"{model} {tag} is not in service: its rollout ended as {kind.value}. A new try needs a new verdict, and "
            f"what its guards saw is in the rollout's events: GET /models/{model}/timeline of the agent."
        )
    if json:
        reporting.print_json({"model": model, "version": tag, "ended": kind.value})
        return
    say(f"{model} {tag} is in service.")
