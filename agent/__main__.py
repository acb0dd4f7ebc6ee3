"""Commands of the agent.

Exit codes: 0 NO_ACTION or done, 10 RETRAIN, 11 ALERT, 12 PROMOTE, 13 ROLL_BACK, 14 waits for an approval,
15 ASK_PERSON, 1 error, 2 usage.
"""

import getpass
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.acting import approvals as approval_table
from agent.actions import Headline
from agent.build import build_loop
from agent.commands import rendering
from agent.commands.alerts import alerts
from agent.commands.console import AsJson, Model, err, opened, out
from agent.commands.foresight import foresight
from agent.commands.looking import look, start_logging
from agent.commands.records import records
from agent.commands.serve import serving
from agent.decision import PolicyRules
from agent.deliberation.proposal import Deliberation
from agent.errors import BusyError
from agent.loop import Pass, decision_from
from agent.record import ledger
from agent.record.codec import read_evidence
from agent.rules.policy import bounds
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model
from pipeline.errors import RefitError
from pipeline.store.open import Store

EXIT_CODES = {
    Headline.NO_ACTION: 0,
    Headline.RETRAIN: 10,
    Headline.ALERT: 11,
    Headline.PROMOTE: 12,
    Headline.ROLL_BACK: 13,
    Headline.ASK_PERSON: 15,
}
WAITS_FOR_APPROVAL = 14

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(records)
app.add_typer(foresight)
app.add_typer(serving)
app.add_typer(alerts, name="alerts")
Who = Annotated[str | None, typer.Option(help="Who decides; default: the user's name.")]


@app.command()
def check(
    model: Model,
    scheduled: Annotated[bool, typer.Option("--scheduled", help="Use the next disjoint window up.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be decided.")] = False,
    json: AsJson = False,
) -> None:
    """Look at a model now, decide, and act on it."""
    spec = managed_model(model)
    with opened() as (settings, store), err.status("looking") as status:

        def show(point: str) -> None:
            status.update(rendering.STEPS.get(point, "working"))

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
        out.print(f"Finished decision {decision_id}, which was left over.", highlight=False)
    note = None if made.recorded else "This is a dry run: nothing was recorded or done."
    rendering.show_decision(out, made.decision, made.events, note)
    if made.recorded:
        decision_id = made.decision.decision_id
        out.print(
            f"Decision {decision_id}; read it again: python -m agent explain {decision_id}",
            highlight=False,
            soft_wrap=True,
        )


@app.command()
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


@app.command()
def run(
    model: Annotated[str | None, typer.Argument(help="One model; default: all of them.")] = None,
    interval_minutes: Annotated[float | None, typer.Option(help="Time between looks; default from settings.")] = None,
) -> None:
    """Look at the models by the clock until stopped (Ctrl-C)."""
    from agent.alerts.build import delivering_in_background
    from agent.scheduler import build_scheduler

    start_logging()
    specs = [managed_model(model)] if model else list(catalog().values())
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with opened() as (settings, store):
        loops = {spec.name: build_loop(settings, store, spec) for spec in specs}
        checks = {name: look(loop) for name, loop in loops.items()}
        minutes = interval_minutes or settings.interval_minutes
        scheduler = build_scheduler(checks, minutes)
        with delivering_in_background(settings, store):
            scheduler.start()
            out.print(f"Looking at {', '.join(checks)} every {minutes:g} minutes. Ctrl-C stops.", highlight=False)
            stopped.wait()
            scheduler.shutdown(wait=True)


@app.command()
def approvals(model: Annotated[str | None, typer.Argument()] = None, json: AsJson = False) -> None:
    """What waits for a person."""
    with opened() as (_, store):
        found = approval_table.pending(store.control, model, datetime.now(UTC))
    if json:
        rendering.print_json({"approvals": found})
        return
    for approval in found:
        out.print(rendering.approval_line(approval), highlight=False, markup=False)
    if not found:
        out.print("Nothing waits for a person.")


@app.command()
def approve(approval_id: str, who: Who = None, reason: str | None = None, json: AsJson = False) -> None:
    """Approve what an approval asks for, once, and carry it out."""
    _answer(approval_id, True, who, reason, json)


@app.command()
def reject(approval_id: str, who: Who = None, reason: str | None = None, json: AsJson = False) -> None:
    """Reject what an approval asks for."""
    _answer(approval_id, False, who, reason, json)


def _answer(approval_id: str, granted: bool, who: str | None, reason: str | None, json: bool) -> None:
    with opened() as (settings, store):
        approval = approval_table.decide(
            store.control,
            approval_id,
            granted=granted,
            who=who or getpass.getuser(),
            reason=reason,
            now=datetime.now(UTC),
        )
        bound = approval.binding
        note = _carry_out(settings, store, bound.model)
        events = ledger.entries_of(store.control, bound.decision_id)[1:]
    if json:
        head = {"approval_id": approval_id, "state": approval.state, "decision_id": bound.decision_id}
        rendering.print_json(head | {"events": rendering.event_rows(events)})
        return
    out.print(f"{bound.action.value} of {bound.model}: {approval.state.value}. {note}", highlight=False)
    for line in filter(None, map(rendering.event_line, events)):
        out.print(f"  - {line}", highlight=False, markup=False)


def _carry_out(settings: AgentSettings, store: Store, model: str) -> str:
    try:
        build_loop(settings, store, managed_model(model)).resume()
    except BusyError as error:
        return f"It will be carried out at the next check: {error}"
    return ""


def main() -> None:
    try:
        app()
    except RefitError as error:
        err.print(f"Error: {error}", markup=False, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
