"""A move of the champion as the promotion ledger tells it. Pure: no clock, no files, no model calls."""

from agent.alerts.notice import Notice, NoticeKind, Severity
from agent.alerts.sentences import version_name
from pipeline.records import Promotion, PromotionKind


def move_key(model: str, generation: object) -> str:
    """One for one move, whoever tells it first: the decision that made it, or the promotion ledger."""
    return f"move:{model}:{generation}"[:120]


def move_notice(move: Promotion, title: str, thread: str | None = None) -> Notice:
    """By a person, or by the service itself; `thread` is the incident that it ended, where there was one."""
    back = move.kind is PromotionKind.ROLL_BACK
    to, before = version_name(move.to_version), version_name(move.from_version)
    return Notice(
        key=move_key(move.model, move.generation),
        kind=NoticeKind.ROLLED_BACK if back else NoticeKind.PROMOTED,
        severity=Severity.CRITICAL if back else Severity.INFO,
        model=move.model,
        title=title,
        thread=thread or f"move:{move.model}:{move.generation}"[:80],
        headline=f"{move.model}: " + (f"rolled back to {to}" if back else f"{to} promoted") + f" by {move.who}",
        at=move.at,
        version=move.to_version,
        decision_id=move.decision_id,
        done=(
            f"The champion was {before} and is {to} now (generation {move.generation}).",
            f"Why: {move.why}",
        ),
        broadcast=True,
    )
