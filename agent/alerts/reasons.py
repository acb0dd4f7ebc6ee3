"""Why a decision is news: what changed beside what line, how grave it is, in words. Pure: no clock, no files, no
model calls.
"""

from typing import Any

from agent.actions import Action
from agent.alerts.notice import Fact, Severity
from agent.decision import Decision, Trigger
from agent.deliberation.figures import figures
from agent.evidence import DataStatus
from pipeline.monitoring.causes import SENTENCES


def why(decision: Decision, expected: tuple[str, ...]) -> dict[str, Any]:
    """What changed, beside what line, on how many rows; the diagnosis; the agent's reasons and the rules'."""
    seen, proposal = decision.evidence, decision.deliberation.proposal
    causes = "; ".join(SENTENCES[cause] for cause in seen.drift.causes or ())
    diagnosis = proposal.diagnosis.value.replace("_", " ") if proposal else None
    said = " / ".join(filter(None, (f"the agent says {diagnosis}" if diagnosis else None, causes)))
    found = figures(seen, decision.rules)
    return {
        "window": _window(decision),
        "facts": tuple(
            Fact(
                name=one.name,
                observed=one.value,
                threshold=one.line,
                margin=None if one.margin is None else f"{one.margin:+.3f}".rstrip("0").rstrip("."),
                reading=one.reading,
                beyond=one.beyond,
            )
            for one in found
        ),
        "expected": expected,
        "diagnosis": said or None,
        "agent_reasons": tuple(proposal.reasons) if proposal else (),
        "rule_reasons": tuple(
            fired.sentence + ("" if fired.margin is None else f" (margin {fired.margin:+.3f})")
            for fired in decision.bounds.fired
        ),
    }


def _window(decision: Decision) -> str:
    drift = decision.evidence.drift
    rows = f", rows {drift.from_seq} to {drift.to_seq} of the log" if drift.from_seq is not None else ""
    look = "scheduled look" if decision.scheduled else "unscheduled look"
    return f"{drift.messages} messages, {drift.unique_messages} of them different{rows} ({look})"


def severity_of(decision: Decision) -> Severity:
    effective = decision.ruling.effective
    if Trigger.ACCURACY in decision.bounds.triggers or effective & {Action.ASK_PERSON, Action.ROLL_BACK}:
        return Severity.CRITICAL
    return Severity.INFO if Action.ALERT not in effective else Severity.WARNING


def headline(decision: Decision) -> str:
    triggers = decision.bounds.triggers
    words = {
        "accuracy is too low": Trigger.ACCURACY in triggers,
        "messages have drifted": Trigger.DRIFT in triggers,
        "messages have stopped": decision.evidence.drift.status is DataStatus.STALE,
        "a person is needed": Action.ASK_PERSON in decision.ruling.effective,
        "labels are wanted": decision.ruling.effective <= {Action.REQUEST_LABELS},
    }
    return ", ".join(word for word, holds in words.items() if holds) or "something needs a look"


def labels_could_decide(decision: Decision) -> bool:
    """A low or an undecided accuracy, and every request for labels; a settled figure needs none."""
    accuracy = decision.evidence.accuracy
    undecided = accuracy.status.usable and bool(accuracy.more_labels)
    asked = Action.REQUEST_LABELS in decision.ruling.effective
    return Trigger.ACCURACY in decision.bounds.triggers or undecided or asked
