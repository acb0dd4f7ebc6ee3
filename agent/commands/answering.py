"""Commands with which a person answers what waits: `approvals`, `approve`, `reject`."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from agent.acting import approvals as approval_table
from agent.build import build_loop
from agent.commands import rendering
from agent.commands.console import AsJson, SomeModel, at_work, opened, out, say
from agent.errors import BusyError
from agent.record import ledger
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.errors import InputError
from pipeline.store.open import Store

Who = Annotated[str | None, typer.Option(help="Who decides; default: the user's name.")]
Reason = Annotated[str | None, typer.Option(help="Why, for the record.")]
Asked = Annotated[str, typer.Argument(metavar="APPROVAL", help="Its id, as `approvals` lists it.")]


def approvals(model: SomeModel = None, json: AsJson = False) -> None:
    """What waits for a person."""
    name = managed_model(model).name if model else None
    with opened() as (_, store):
        found = approval_table.pending(store.control, name, datetime.now(UTC))
    if json:
        rendering.print_json({"approvals": found})
        return
    if found:
        out.print(rendering.approvals_table(found))
        say(f"Answer one: python -m agent approve {found[0].approval_id} (or reject)")
    else:
        say("Nothing waits for a person.")


def approve(approval_id: Asked, who: Who = None, reason: Reason = None, json: AsJson = False) -> None:
    """Approve what an approval asks for, once, and carry it out."""
    _answer(approval_id, True, who, reason, json)


def reject(approval_id: Asked, who: Who = None, reason: Reason = None, json: AsJson = False) -> None:
    """Reject what an approval asks for."""
    _answer(approval_id, False, who, reason, json)


def _answer(approval_id: str, granted: bool, who: str | None, reason: str | None, json: bool) -> None:
    with opened() as (settings, store), at_work("carrying it out" if granted else "closing it", json):
        now = datetime.now(UTC)
        _require_known(store, approval_id, now)
        approval = approval_table.decide(
            store.control, approval_id, granted=granted, who=who or getpass.getuser(), reason=reason, now=now
        )
        bound = approval.binding
        note = _carry_out(settings, store, bound.model)
        events = ledger.entries_of(store.control, bound.decision_id)[1:]
    if json:
        head = {"approval_id": approval_id, "state": approval.state, "decision_id": bound.decision_id}
        rendering.print_json(head | {"events": rendering.event_rows(events)})
        return
    say(f"{bound.action.value} of {bound.model}: {approval.state.value}. {note}")
    for line in filter(None, map(rendering.event_line, events)):
        say(f"  - {line}")
    say(f"The whole decision: python -m agent explain {bound.decision_id}")


def _require_known(store: Store, approval_id: str, now: datetime) -> None:
    """Raises InputError that lists what waits."""
    if approval_table.by_id(store.control, approval_id) is None:
        waiting = [one.approval_id for one in approval_table.pending(store.control, None, now)]
        there = f"These wait: {', '.join(waiting)}." if waiting else "None waits."
        raise InputError(f"There is no approval {approval_id}. {there} See: python -m agent approvals")


def _carry_out(settings: AgentSettings, store: Store, model: str) -> str:
    try:
        build_loop(settings, store, managed_model(model)).resume()
    except BusyError as error:
        return f"It will be carried out at the next check: {error}"
    return ""
