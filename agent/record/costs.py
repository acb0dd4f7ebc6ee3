"""What decisions took: CPU, labels, tokens and money of the LLM, bytes of the record. Derived from the ledger.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from agent.record.ledger import Entry, EntryKind


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU of the looks and of the trainings in seconds, labels that were judged by and that were learned from, calls
    and tokens of the LLM, its money in USD, bytes of the ledger.

    A training counts at its decision. Releases before this one noted no CPU: their decisions count with 0.
    """

    decisions: int = 0
    look_cpu_seconds: float = 0.0
    trainings: int = 0
    training_cpu_seconds: float = 0.0
    labels_judged_by: int = 0
    labels_learned_from: int = 0
    llm_calls: int = 0
    llm_tokens: int = 0
    llm_usd: float = 0.0
    ledger_bytes: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Cost)})


@dataclass(frozen=True, kw_only=True)
class DecisionCost:
    decision_id: str
    model: str
    at: datetime
    headline: str
    cost: Cost


def decision_costs(entries: Iterable[Entry]) -> list[DecisionCost]:
    """One for each decision among the entries, in their order; events whose decision is not among them are left out."""
    of: dict[str, list[Entry]] = {}
    for entry in entries:
        of.setdefault(entry.decision_id, []).append(entry)
    return [_decision_cost(group) for group in of.values() if group[0].kind == EntryKind.DECISION]


def total(costs: Iterable[DecisionCost]) -> Cost:
    return sum((one.cost for one in costs), Cost())


def by_model(costs: Sequence[DecisionCost]) -> dict[str, Cost]:
    models = sorted({one.model for one in costs})
    return {model: total(one for one in costs if one.model == model) for model in models}


def _decision_cost(entries: Sequence[Entry]) -> DecisionCost:
    decision, events = entries[0], entries[1:]
    said = decision.body
    thought: Mapping[str, Any] = said.get("deliberation") or {}
    accuracy: Mapping[str, Any] = (said.get("evidence") or {}).get("accuracy") or {}
    trained = [event.body for event in events if event.kind == EntryKind.TRAINED]
    closed = [event.body for event in events if event.kind == EntryKind.CLOSED]
    cost = Cost(
        decisions=1,
        look_cpu_seconds=sum(body.get("cpu_seconds") or 0.0 for body in closed),
        trainings=len(trained),
        training_cpu_seconds=sum(body.get("cpu_seconds") or 0.0 for body in trained),
        labels_judged_by=accuracy.get("labelled") or 0,
        labels_learned_from=sum(body.get("labels") or 0 for body in trained),
        llm_calls=thought.get("calls") or 0,
        llm_tokens=(thought.get("input_tokens") or 0) + (thought.get("output_tokens") or 0),
        llm_usd=thought.get("cost_usd") or 0.0,
        ledger_bytes=sum(len(entry.text.encode()) for entry in entries),
    )
    headline = str(said.get("headline") or "")
    return DecisionCost(
        decision_id=decision.decision_id, model=decision.model, at=decision.at, headline=headline, cost=cost
    )
