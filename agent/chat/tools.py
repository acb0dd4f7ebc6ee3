"""What a conversation looks with: the read tools of the deciding model, and four more for people's questions.

They answer with numbers, enums, ids and our own sentences, nothing that a stranger wrote, and change nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import Field

from agent.commands.known import entries_of
from agent.commands.rendering import effective
from agent.decision import PolicyRules
from agent.deliberation.figures import figures
from agent.errors import UnknownDecisionError
from agent.evidence import Evidence
from agent.foresight.what_if import what_if
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.codec import decision_of
from agent.record.ledger import EntryKind
from agent.rules.policy_numbers import RuleNumberError
from pipeline.durations import hours_between
from pipeline.gate.verdicts import newest_verdict
from pipeline.releases.promotion import promotions
from pipeline.store.open import Store
from tools.looking import Nothing, looking_tool
from tools.result import ToolResult, no_data, ok

MOST = 2_000


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One model as it stands at the moment of a question; `trouble` names what kept it from being looked at."""

    model: str
    evidence: Evidence
    rules: PolicyRules
    store: Store
    now: datetime
    trouble: str | None = None


class AVersion(Nothing):
    version: int = Field(ge=1, description="A version number, such as 3.")


class Days(Nothing):
    days: int = Field(30, ge=1, le=366, description="How many days back.")


class AChange(Nothing):
    number: str = Field(max_length=40, description="A number of the policy, such as drift_threshold.")
    value: float = Field(description="What it would be.", allow_inf_nan=False)
    decision_id: str | None = Field(None, max_length=40, description="A decision; the newest one when left out.")


def chat_tools(snapshot: Snapshot, read_tools: list[BaseTool]) -> dict[str, BaseTool]:
    """All tools of one question, by name."""
    own = (
        looking_tool(health, snapshot, Nothing),
        looking_tool(why_promoted, snapshot, AVersion),
        looking_tool(costs, snapshot, Days),
        looking_tool(what_if_changed, snapshot, AChange),
    )
    return {tool.name: tool for tool in (*own, *read_tools)}


def health(snapshot: Snapshot) -> ToolResult:
    """How the model is now: champion, every figure against its line, the last decision, what waits for a person."""
    newest = ledger.decisions(snapshot.store.control, snapshot.model, 1)
    last = newest[0] if newest else None
    champion = snapshot.evidence.champion
    return ok(
        champion=champion.version,
        hours_since_promotion=champion.hours_since_promotion,
        trouble=snapshot.trouble,
        data_status=snapshot.evidence.drift.status.value,
        figures=to_plain(figures(snapshot.evidence, snapshot.rules)),
        last_decision={"decision_id": last.decision_id, "headline": last.body.get("headline")} if last else None,
        hours_since_last_decision=_hours(last.at, snapshot.now) if last else None,
        waiting_for_approval=[action.value for action in snapshot.evidence.history.waiting_for_approval],
    )


def why_promoted(snapshot: Snapshot, version: int) -> ToolResult:
    """Why a version became champion: when, by which decision and rules, and what the gate measured."""
    control = snapshot.store.control
    moves = [move for move in promotions(control, snapshot.model, MOST) if move.to_version == version]
    if not moves:
        return no_data(f"the promotions: v{version} never became champion")
    move, record = moves[0], newest_verdict(control, snapshot.model, version)
    results = record.verdict.results if record else ()
    return ok(
        version=version,
        kind=move.kind.value,
        at=move.at.isoformat(timespec="minutes"),
        from_version=move.from_version,
        generation=move.generation,
        decision_id=move.decision_id,
        decision=_said(snapshot, move.decision_id),
        by_a_person=move.decision_id is None,
        gate=record.verdict.status.value if record else None,
        gate_rules=[
            {"rule": one.rule, "outcome": one.outcome.value, "observed": one.observed, "required": one.required}
            for one in results
        ],
    )


def _said(snapshot: Snapshot, decision_id: str | None) -> dict[str, Any] | None:
    """The rules of a decision in their own sentences."""
    if decision_id is None:
        return None
    decision = decision_of(ledger.entries_of(snapshot.store.control, decision_id)[0])
    requiring = [fired.sentence for fired in decision.bounds.fired if fired.requires]
    return {"headline": decision.headline.value, "decided_by": decision.decided_by, "because": requiring}


def costs(snapshot: Snapshot, days: int = 30) -> ToolResult:
    """What the model took in so many days: decisions, retrainings and their seconds, tokens and money of the LLM."""
    control, since = snapshot.store.control, snapshot.now - timedelta(days=days)
    made = [entry for entry in ledger.decisions(control, snapshot.model, MOST) if entry.at >= since]
    trained = [
        entry for entry in ledger.events(control, snapshot.model, [EntryKind.TRAINED], MOST) if entry.at >= since
    ]
    thoughts = [entry.body.get("deliberation", {}) for entry in made]
    return ok(
        days=days,
        decisions=len(made),
        retrainings=len(trained),
        training_seconds=round(sum(entry.body.get("seconds") or 0.0 for entry in trained), 1),
        llm_calls=sum(thought.get("calls", 0) for thought in thoughts),
        tokens=sum(thought.get("input_tokens", 0) + thought.get("output_tokens", 0) for thought in thoughts),
        usd=round(sum(thought.get("cost_usd") or 0.0 for thought in thoughts), 4),
    )


def what_if_changed(snapshot: Snapshot, number: str, value: float, decision_id: str | None = None) -> ToolResult:
    """What a recorded decision would have been with another number of the policy, and how far that number is from
    changing it."""
    control = snapshot.store.control
    try:
        entries = (
            entries_of(snapshot.store, decision_id) if decision_id else ledger.decisions(control, snapshot.model, 1)
        )
    except UnknownDecisionError as error:
        return no_data(f"the ledger of decisions: {error}")
    if not entries:
        return no_data("the ledger of decisions")
    name = number.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        found = what_if(decision_of(entries[0]), {name: value})
    except RuleNumberError as error:
        return no_data(f"the policy: {error}")
    # None for a number that no decision turns on, such as the size of a window.
    flip = next((flip for flip in found.flips if flip.number == name), None)
    before, _ = found.changed[name]
    return ok(
        decision_id=found.decision_id,
        number=name,
        was=before,
        would_be=value,
        headline_before=found.headline_before.value,
        headline_now=found.headline_now.value,
        effective_before=effective(found.effective_before),
        effective_now=effective(found.effective_now),
        same=found.same,
        from_there_it_changes_at=flip.beyond if flip else None,
        notes=list(found.notes),
    )


def _hours(earlier: datetime, later: datetime) -> float:
    return round(hours_between(earlier, later), 1)
