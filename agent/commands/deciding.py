"""Commands that decide: `check` looks and acts, `decide` only says what the rules make of a file, `run` looks on."""

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.actions import Headline
from agent.build import build_loop
from agent.commands import rendering
from agent.commands.console import AsJson, Model, SomeModel, at_work, opened, out, say
from agent.decision import PolicyRules
from agent.deliberation.proposal import Deliberation
from agent.loop import Pass, decision_from
from agent.observability.starting import start_logging
from agent.record.codec import read_evidence
from agent.rules.policy import bounds
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model

EXIT_CODES = {
    Headline.NO_ACTION: 0,
    Headline.RETRAIN: 10,
    Headline.ALERT: 11,
    Headline.PROMOTE: 12,
    Headline.ROLL_BACK: 13,
    Headline.ASK_PERSON: 15,
}
WAITS_FOR_APPROVAL = 14
# Looks by the clock are sought every few seconds; a shorter interval would only be missed.
SHORTEST_MINUTES, A_YEAR = 0.1, 527_040


def check(
    model: Model,
    scheduled: Annotated[bool, typer.Option("--scheduled", help="Use the next disjoint window up.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be decided.")] = False,
    json: AsJson = False,
) -> None:
    """Look at a model now, decide, and act on it. The exit code is the decision."""
    spec = managed_model(model)
    with opened() as (settings, store), at_work("looking", json) as update:

        def show(point: str) -> None:
            update(rendering.STEPS.get(point, "working"))

        loop = build_loop(settings, store, spec, show)
        made = loop.dry_run(scheduled=scheduled) if dry_run else loop.check(scheduled=scheduled)
    code = _exit_code(made)
    if json:
        more = {"recorded": made.recorded, "closed": made.closed, "resumed": made.resumed, "exit_code": code}
        rendering.print_json(rendering.decision_json(made.decision, made.events, **more))
    else:
        _print_pass(made)
    raise typer.Exit(code)


def _exit_code(made: Pass) -> int:
    waits = made.recorded and not made.closed
    return WAITS_FOR_APPROVAL if waits else EXIT_CODES[made.decision.headline]


def _print_pass(made: Pass) -> None:
    for decision_id in made.resumed:
        say(f"Finished decision {decision_id}, which was left over.")
    note = None if made.recorded else "This is a dry run: nothing was recorded or done."
    rendering.show_decision(out, made.decision, made.events, note)
    if made.recorded:
        decision_id = made.decision.decision_id
        say(f"Decision {decision_id}; read it again: python -m agent explain {decision_id}")
    else:
        say(f"Let it be recorded and done: python -m agent check {made.decision.model}")


def decide(
    evidence: Annotated[Path, typer.Option("--evidence", help="Evidence as JSON, such as examples/evidence_*.json.")],
    json: AsJson = False,
) -> None:
    """What the rules say about evidence in a file. Nothing is read besides, recorded or done."""
    seen = read_evidence(evidence)
    spec, settings = managed_model(seen.model), AgentSettings()
    rules = PolicyRules(monitoring=spec.monitoring, retraining=spec.retraining)
    at = seen.at or datetime.now(UTC)
    decision = decision_from(seen, rules, bounds(seen, rules), Deliberation(), settings.autonomy, at)
    if json:
        rendering.print_json(rendering.decision_json(decision, exit_code=EXIT_CODES[decision.headline]))
    else:
        rendering.show_decision(out, decision, (), "Decided on the file alone: nothing was recorded or done.")
    raise typer.Exit(EXIT_CODES[decision.headline])


def run(
    model: SomeModel = None,
    interval_minutes: Annotated[
        float | None,
        typer.Option(min=SHORTEST_MINUTES, max=A_YEAR, help="Time between looks; default from settings."),
    ] = None,
) -> None:
    """Look at the models by the clock until stopped (Ctrl-C)."""
    from agent.alerts.build import delivering_in_background
    from agent.schedule.looking import deployed_plans, looking

    start_logging()
    specs = [managed_model(model)] if model else list(catalog().values())
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with opened() as (settings, store):
        if interval_minutes is not None:
            settings = settings.model_copy(update={"interval_minutes": interval_minutes})
        loops = {spec.name: build_loop(settings, store, spec) for spec in specs}
        with delivering_in_background(settings, store), looking(settings, store, loops):
            for plan in deployed_plans(settings, specs):
                say(f"{plan.model}: {plan.kind} {plan.words()}")
            say("Ctrl-C stops.")
            stopped.wait()
