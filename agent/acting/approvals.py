"""Approvals: a person's word on one action of one decision, bound to what it was given for, expiring, used once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.actions import Action
from agent.errors import ApprovalRefusedError, UnknownApprovalError
from agent.record.canonical import canonical_json
from pipeline.store.control import approvals as table
from pipeline.store.engine import writing


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What an approval is good for, and nothing else."""

    decision_id: str
    model: str
    action: Action
    arguments: dict[str, Any]
    evidence_hash: str
    champion_version: int | None


@dataclass(frozen=True, kw_only=True)
class Approval:
    approval_id: str
    binding: Binding
    state: ApprovalState
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


def request(control: Engine, binding: Binding, now: datetime, valid_for: timedelta) -> Approval:
    """Ask for approval of one action of a decision; asked again, the first request is returned."""
    values = vars(binding) | {
        "approval_id": uuid4().hex[:12],
        "action": binding.action.value,
        "state": ApprovalState.PENDING.value,
        "requested_at": now,
        "expires_at": now + valid_for,
    }
    try:
        with writing(control).begin() as connection:
            connection.execute(insert(table).values(**values))
    except IntegrityError:
        pass  # one request per decision and action: somebody asked before
    found = of_action(control, binding.decision_id, binding.action)
    if found is None:
        raise ApprovalRefusedError(f"The approval of {binding.action} for {binding.decision_id} could not be stored.")
    return found


def decide(
    control: Engine, approval_id: str, *, granted: bool, who: str, reason: str | None, now: datetime
) -> Approval:
    """Grant or reject, once: of several people (or clicks) one wins. Raises ApprovalRefusedError for all others."""
    state = ApprovalState.APPROVED if granted else ApprovalState.REJECTED
    claim = update(table).where(
        table.c.approval_id == approval_id,
        table.c.state == ApprovalState.PENDING.value,
        table.c.expires_at > now,
    )
    values = {"state": state.value, "decided_by": who, "decided_at": now, "reason": reason}
    with writing(control).begin() as connection:
        won = connection.execute(claim.values(**values)).rowcount == 1
    approval = by_id(control, approval_id)
    if approval is None:
        raise UnknownApprovalError(f"There is no approval {approval_id}. List them: python -m agent approvals")
    if not won:
        raise ApprovalRefusedError(f"Approval {approval_id} {_why_lost(approval, now)}.")
    return approval


def expire(control: Engine, approval_id: str, now: datetime) -> Approval | None:
    """The approval as it stands, marked as expired where nobody answered in time. None when there is none."""
    late = (
        table.c.approval_id == approval_id,
        table.c.state == ApprovalState.PENDING.value,
        table.c.expires_at <= now,
    )
    with writing(control).begin() as connection:
        connection.execute(update(table).where(*late).values(state=ApprovalState.EXPIRED.value))
    return by_id(control, approval_id)


def mark_used(control: Engine, approval_id: str) -> None:
    """The approved action was carried out; the approval is worth nothing from now on."""
    mine = (table.c.approval_id == approval_id, table.c.state == ApprovalState.APPROVED.value)
    with writing(control).begin() as connection:
        connection.execute(update(table).where(*mine).values(state=ApprovalState.USED.value))


def why_refused(approval: Approval, wanted: Binding) -> str | None:
    """Why this approval does not allow `wanted`; None when it does. Anything that differs refuses."""
    if approval.state is not ApprovalState.APPROVED:
        return f"the approval is {approval.state.value}"
    ours, theirs = canonical_json(wanted), canonical_json(approval.binding)
    if ours == theirs:
        return None
    given = vars(approval.binding)
    differing = [name for name, value in vars(wanted).items() if canonical_json(value) != canonical_json(given[name])]
    return f"the approval was given for something else ({', '.join(differing)} differ)"


def by_id(control: Engine, approval_id: str) -> Approval | None:
    with control.connect() as connection:
        row = connection.execute(select(table).where(table.c.approval_id == approval_id)).first()
    return _approval(row) if row else None


def of_action(control: Engine, decision_id: str, action: Action) -> Approval | None:
    query = select(table).where(table.c.decision_id == decision_id, table.c.action == action.value)
    with control.connect() as connection:
        row = connection.execute(query).first()
    return _approval(row) if row else None


def pending(control: Engine, model: str | None, now: datetime) -> list[Approval]:
    """What still waits for a person, oldest first; what ran out is not among it."""
    query = select(table).where(table.c.state == ApprovalState.PENDING.value, table.c.expires_at > now)
    if model is not None:
        query = query.where(table.c.model == model)
    with control.connect() as connection:
        return [_approval(row) for row in connection.execute(query.order_by(table.c.requested_at))]


def _why_lost(approval: Approval, now: datetime) -> str:
    if approval.state is ApprovalState.PENDING and approval.expires_at <= now:
        return f"ran out at {approval.expires_at:%Y-%m-%d %H:%M} UTC; the next check asks again if it still matters"
    return f"is {approval.state.value} already" + (f" (by {approval.decided_by})" if approval.decided_by else "")


def _approval(row: Row[Any]) -> Approval:
    fields = dict(row._mapping)
    names = ("decision_id", "model", "action", "arguments", "evidence_hash", "champion_version")
    bound = {name: fields.pop(name) for name in names}
    return Approval(
        binding=Binding(**bound | {"action": Action(bound["action"])}),
        **fields | {"state": ApprovalState(fields["state"])},
    )
