"""How a decision is shown: plain sentences and tables for people, one JSON object for scripts."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.acting.approvals import Approval
from agent.actions import TELLING, Action, Headline
from agent.decision import Decision, Fired
from agent.deliberation.figures import figures
from agent.record.canonical import to_plain
from agent.record.ledger import Entry, EntryKind
from pipeline.commands.offering import called
from pipeline.records import PromotionKind, version_tag

_COLOURS = {
    Headline.NO_ACTION: "green",
    Headline.ALERT: "yellow",
    Headline.ASK_PERSON: "yellow",
    Headline.RETRAIN: "cyan",
    Headline.PROMOTE: "cyan",
    Headline.ROLL_BACK: "magenta",
}
# What the CLI shows at the named points of a pass.
STEPS = {
    "resumed": "measuring drift and accuracy",
    "observed": "deciding",
    "retrain:started": "training a new version and judging it",
    "retrain:recorded": "promoting",
}
_DECIDERS = {"agent": "the agent within the policy", "conversation": "a request in a conversation, within the policy"}
_STYLES = {True: "bold", False: "", None: "dim"}


def decision_json(decision: Decision, events: Iterable[Entry] = (), **more: Any) -> dict[str, Any]:
    """A decision as plain data: the keys that scripts use first, then the whole record."""
    limits = decision.bounds
    body: dict[str, Any] = {
        "model": decision.model,
        "decision_id": decision.decision_id,
        "headline": decision.headline,
        "effective": decision.ruling.effective,
        "decided_by": decision.decided_by,
        "reasoning": [*reasons(decision)],
        "figures": figures(decision.evidence, decision.rules),
        "required": limits.required,
        "deferrable": limits.deferrable,
        "permitted": limits.permitted,
        "rules": [
            {"rule": fired.rule, "sentence": fired.sentence, "margin": fired.margin} for fired in decision.bounds.fired
        ],
        **more,
        "events": event_rows(events),
        "record": decision,
    }
    plain: dict[str, Any] = to_plain(body)
    return plain


def decision_row(entry: Entry) -> dict[str, Any]:
    """One decision in a list of many."""
    kept = {name: entry.body.get(name) for name in ("headline", "decided_by", "scheduled")}
    effective = entry.body.get("ruling", {}).get("effective")
    return {"decision_id": entry.decision_id, "model": entry.model, "at": entry.at} | kept | {"effective": effective}


def event_rows(events: Iterable[Entry]) -> list[dict[str, Any]]:
    # The body comes first: a move of the pointer has a kind and a time of its own.
    return [{**entry.body, "kind": entry.kind, "at": entry.at} for entry in events]


def print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(to_plain(value), ensure_ascii=False))


def reasons(decision: Decision) -> tuple[str, ...]:
    """The agent's own reasons when they were accepted, and always the sentences of the rules."""
    proposal = decision.deliberation.proposal
    said = proposal.reasons if proposal else ()
    return (*said, *_replaced(decision), *(fired.sentence for fired in decision.bounds.fired))


def show_decision(console: Console, decision: Decision, events: Iterable[Entry], note: str | None = None) -> None:
    """Everything about one decision that a stranger needs to follow it."""
    console.print(_title(decision))
    console.print(Padding(figures_table(decision), (1, 2)))
    console.print(_headline(decision, note))
    console.print(Padding(_why(decision), (0, 2)))
    console.print(_bounds_line(decision), highlight=False, markup=False)
    steps = [line for line in (event_line(entry) for entry in events) if line]
    if steps:
        console.print("What was done:", highlight=False)
        for line in steps:
            console.print(Padding(Text(called(f"- {line}")), (0, 2)), highlight=False)


def figures_table(decision: Decision) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("figure", "now", "line", "margin", "reading"):
        table.add_column(name, justify="right" if name == "margin" else "left")
    for figure in figures(decision.evidence, decision.rules):
        margin = "" if figure.margin is None else f"{figure.margin:+.3f}".rstrip("0").rstrip(".")
        cells = (figure.name, figure.value, figure.line, margin, figure.reading)
        table.add_row(*(Text(cell) for cell in cells), style=_STYLES[figure.beyond])
    return table


def _title(decision: Decision) -> Text:
    champion, drift = decision.evidence.champion, decision.evidence.drift
    serving = f"champion {version_tag(champion.version)}" if champion.version else "no champion"
    look = "scheduled look" if decision.scheduled else "unscheduled look"
    seen = f"{drift.messages} messages ({drift.unique_messages} different)"
    return Text(f"{decision.model}, {serving}, {look} at {seen}, {decision.at:%Y-%m-%d %H:%M:%S} UTC", style="bold")


def _headline(decision: Decision, note: str | None) -> Text:
    text = Text("Decision: ")
    text.append(decision.headline.value, style=f"bold {_COLOURS[decision.headline]}")
    text.append(f"  by {_DECIDERS.get(decision.decided_by, 'the rules')}")
    text.append(f", autonomy {decision.ruling.autonomy.value}")
    if decision.deliberation.reason_code:
        text.append(f", {decision.deliberation.reason_code.value}")
    text.append(f". {note}" if note else ".")
    return text


def _why(decision: Decision) -> RenderableType:
    proposal = decision.deliberation.proposal
    lines = [Text(f"- {reason} (the agent)") for reason in (proposal.reasons if proposal else ())]
    lines += [Text(f"- {line} (in place of the agent's words)", style="yellow") for line in _replaced(decision)]
    lines += [_rule_line(fired) for fired in decision.bounds.fired]
    lines += [
        Text(f"- not done: {refusal.action}, by {refusal.guardrail}: {refusal.sentence}", style="yellow")
        for refusal in decision.ruling.refusals
    ]
    return Group(*lines)


def _replaced(decision: Decision) -> tuple[str, ...]:
    """That words of the agent were replaced, and by what: they named what the evidence does not have."""
    thought = decision.deliberation
    kept = thought.proposal or thought.advice
    if kept is None or kept.replaced is None:
        return ()
    return (f"Words of the agent were left out: {thought.detail}.", *kept.replaced)


def _rule_line(fired: Fired) -> Text:
    text = Text(called(f"- {fired.sentence} "))
    margin = "" if fired.margin is None else f", margin {fired.margin:+.3f}"
    text.append(f"[{fired.rule}{margin}]", style="dim")
    return text


def _bounds_line(decision: Decision) -> str:
    limits, ruling = decision.bounds, decision.ruling
    parts = [
        f"Required: {names(limits.required)}",
        f"may wait: {names(limits.deferrable)}",
        f"permitted: {names(limits.permitted)}",
        f"effective: {effective(ruling.effective)}",
    ]
    return "; ".join(parts) + "."


def names(actions: Iterable[Action]) -> str:
    return ", ".join(sorted(action.value for action in actions)) or "nothing"


def effective(actions: Iterable[Action]) -> str:
    """What is done, as the ledger says it: an empty set is a hold."""
    return ", ".join(sorted(action.value for action in actions)) or Action.HOLD.value


def event_line(entry: Entry) -> str | None:
    """One event in a sentence; None for those that only frame others."""
    say = _EVENTS.get(entry.kind)
    return say(entry.body) if say else None


def _action(body: Mapping[str, Any]) -> str:
    return str(body.get("action", "")).replace("_", " ")


def _trained(body: Mapping[str, Any]) -> str:
    version = f"v{body['version']}" if body.get("version") else "no new version"
    return f"trained {version} in {body['seconds']:.1f} s, gate {body['verdict']}: {body['reason']}"


def _moved(body: Mapping[str, Any]) -> str:
    done = "promoted" if body["kind"] == PromotionKind.PROMOTE else "rolled back"
    before = f"v{body['from_version']}" if body["from_version"] else "nothing"
    return f"{done}: {before} -> v{body['to_version']} (generation {body['generation']})"


def _rolled_out(body: Mapping[str, Any]) -> str:
    """Where a rollout stands, with the service's own reason."""
    said = {
        "started": "begun",
        "advanced": "went on",
        "completed": "completed",
        "roll_back": "taken back",
        "cancelled": "cancelled",
    }
    where = f"stage {body['stage']} of {body['stages']}, {body['traffic']}"
    share = f" of {body['share']:.0%} of the requests" if body["traffic"] == "canary" else ""
    return f"rollout of v{body['version']} {said[body['event']]} ({where}{share}): {body['why']}"


def _told(body: Mapping[str, Any]) -> str | None:
    if body.get("action") not in TELLING:
        return None
    known = (body.get("result") or {}).get("repeated_of")
    return f"{_action(body)}: repeated, told by decision {known}" if known else f"{_action(body)}: recorded"


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    EntryKind.TRAINED: _trained,
    EntryKind.PROMOTED: _moved,
    EntryKind.ROLLED_BACK: _moved,
    EntryKind.ROLLOUT: _rolled_out,
    EntryKind.PROMOTION_REFUSED: lambda body: f"v{body['version']} was not promoted: {body['reason']}",
    EntryKind.EFFECT_FAILED: lambda body: f"{_action(body)} was not done: {body['reason']}",
    EntryKind.EFFECT_DONE: _told,
    EntryKind.APPROVAL_REQUESTED: lambda body: (
        f"{_action(body)} waits for a person: python -m agent approve {body['approval_id']}"
    ),
    EntryKind.APPROVAL_GRANTED: lambda body: f"{_action(body)} was approved by {body['who']}",
    EntryKind.APPROVAL_REJECTED: lambda body: f"{_action(body)} was rejected by {body['who']}",
    EntryKind.APPROVAL_EXPIRED: lambda body: f"the approval of {_action(body)} ran out",
}


def decisions_table(entries: Iterable[Entry]) -> Table:
    table = Table(title="Decisions, newest first", title_justify="left", box=None)
    for name in ("decision", "at", "model", "headline", "effective", "by"):
        table.add_column(name, no_wrap=name == "decision")
    for entry in entries:
        effective = ", ".join(entry.body.get("ruling", {}).get("effective", [])) or "hold"
        table.add_row(
            entry.decision_id,
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.model,
            str(entry.body.get("headline")),
            effective,
            str(entry.body.get("decided_by")),
        )
    return table


def approvals_table(found: Iterable[Approval]) -> Table:
    table = Table(title="Waits for a person, oldest first", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("approval", "model", "action", "of decision", "until (UTC)"):
        table.add_column(name, no_wrap=True)
    for approval in found:
        bound = approval.binding
        action = f"{bound.action.value} {json.dumps(bound.arguments)}" if bound.arguments else bound.action.value
        until = f"{approval.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(approval.approval_id, bound.model, Text(action), bound.decision_id, until)
    return table
