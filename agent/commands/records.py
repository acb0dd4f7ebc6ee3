"""Commands that read the record: decisions, explain, verify, scorecard. They change nothing."""

from typing import Annotated

import typer

from agent.build import score
from agent.commands import rendering
from agent.commands.console import AsJson, Decision, Model, SomeModel, opened, out, say
from agent.commands.known import entries_of
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.scorecard import Regret
from pipeline.catalog import managed_model


def decisions(
    model: SomeModel = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 20,
    json: AsJson = False,
) -> None:
    """The newest decisions."""
    name = managed_model(model).name if model else None
    with opened() as (_, store):
        found = ledger.decisions(store.control, name, limit)
    if json:
        rendering.print_json({"decisions": [rendering.decision_row(entry) for entry in found]})
        return
    if found:
        out.print(rendering.decisions_table(found))
    else:
        say(f"No decision was recorded yet. Make one: python -m agent check {name or 'sms_spam'}")


def explain(decision_id: Decision, json: AsJson = False) -> None:
    """One recorded decision with its evidence, reasons and what came of it."""
    with opened() as (_, store):
        entries = entries_of(store, decision_id)
    decision = decision_of(entries[0])
    if json:
        rendering.print_json(rendering.decision_json(decision, entries[1:]))
        return
    rendering.show_decision(out, decision, entries[1:])
    say(f"What would change it: python -m agent what-if {decision_id} --drift-threshold 0.2")


def verify(
    tip: Annotated[str | None, typer.Option(help="A hash noted earlier, which the chain must still hold.")] = None,
    json: AsJson = False,
) -> None:
    """Check the hash chain of the whole ledger. Exit code 1 when it is broken."""
    with opened() as (_, store):
        found = ledger.verify(store.control)
        cut = found.intact and tip is not None and not ledger.holds(store.control, tip)
    intact = found.intact and not cut
    reason = "the noted entry is gone: the end was cut off" if cut else found.reason
    if json:
        rendering.print_json(
            {
                "intact": intact,
                "entries": found.entries,
                "tip": found.tip,
                "broken_at": found.broken_at,
                "reason": reason,
            }
        )
    elif intact:
        say(f"The ledger is intact: {found.entries} entries, tip {found.tip}")
    else:
        where = f" at entry {found.broken_at}" if found.broken_at else ""
        say(f"The ledger is NOT intact{where}: {reason}.")
    raise typer.Exit(0 if intact else 1)


def show_scorecard(model: Model, json: AsJson = False) -> None:
    """The deciding model against the rules: what it changed, and what came of it."""
    with opened() as (_, store):
        card = score(store, managed_model(model).name)
    counts = {regret.value: card.count(regret) for regret in Regret}
    if json:
        rendering.print_json(vars(card) | counts | {"demoted": card.demoted})
        return
    state = "demoted to advice" if card.demoted else "deciding within the policy"
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    changed = f"{len(card.choices)} changed a decision ({said})"
    say(f"Asked {card.asked} times, {card.accepted} answers accepted, {changed}: {state}.")
