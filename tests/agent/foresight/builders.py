"""Decisions for these tests: as the loop makes them, without a store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.actions import Autonomy
from agent.decision import Decision
from agent.deliberation.proposal import Deliberation, Proposal
from agent.loop import decision_from
from agent.rules.policy import bounds
from tests.agent.builders import evidence_with, rules_with
from tests.agent.fakes import NOON


def decision_on(
    evidence: Mapping[str, Any] | None = None,
    rules: Mapping[str, Any] | None = None,
    proposal: Proposal | None = None,
    at: datetime = NOON,
    autonomy: Autonomy = Autonomy.ACT,
) -> Decision:
    seen, lines = evidence_with(evidence), rules_with(rules)
    thought = Deliberation(asked=proposal is not None, proposal=proposal)
    return decision_from(seen, lines, bounds(seen, lines), thought, autonomy, at, scheduled=True)
