"""Carries out a decision: a ledger row before each effect, an idempotency key for each, nothing done twice.

Every step can be repeated. A process that was killed at any point leaves the decision unclosed; whoever holds the lease
next carries it out again, and each step finds what is done already by its key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from agent.acting import approvals
from agent.acting.approvals import Approval, ApprovalState, Binding
from agent.acting.arguments import arguments_of, decision_words, judged, labels_learned
from agent.acting.rollouts import moved, note_rollouts
from agent.acting.telling import told, told_before, with_repeats
from agent.actions import CONSEQUENTIAL, Action, Autonomy
from agent.decision import Decision
from agent.errors import EffectError, LeaseLostError
from agent.observability.spans import span
from agent.record import ledger
from agent.record.ledger import Entry, EntryKind
from agent.rules.choices import choice_of
from pipeline.clock import Clock
from pipeline.durations import HOUR, hours_between
from pipeline.errors import ConcurrentChangeError, PromotionRefusedError, RefitError
from pipeline.gate.rules import VerdictStatus
from pipeline.records import PromotionKind, Provenance
from pipeline.releases.promotion import promotions
from pipeline.releases.rollout_events import Rollout
from tools.hands import Hands

Step = Callable[[str], None]
# What a pass has taken so far, by name: the CPU seconds of its thread.
Spent = Callable[[], Mapping[str, float]]

# Among so many of the newest moves is one that an effect made before its process was killed.
NEWEST_MOVES = 100

# Moves of the pointer first, then the long training; people are told before it starts.
ORDER = (
    Action.ROLL_BACK,
    Action.PROMOTE,
    Action.ALERT,
    Action.REQUEST_LABELS,
    Action.ASK_PERSON,
    Action.RETRAIN,
)


def no_step(point: str) -> None:
    """Called at each named point on the way: the CLI shows where it is, a test stops the process there."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """How decisions of one model are carried out. `still_mine` raises when the lease was lost, `spent` says what the
    pass has taken so far.
    """

    control: Engine
    hands: Hands
    autonomy: Autonomy
    clock: Clock
    still_mine: Callable[[], None]
    approval_valid_for: timedelta = timedelta(hours=24)
    max_attempts: int = 3
    tell_again_after: timedelta = timedelta(hours=24)
    step: Step = no_step
    spent: Spent = dict

    def carry_out(self, decision: Decision) -> bool:
        """Do what is not done yet. True when the decision is closed, False while it waits for a person."""
        if ledger.has(self.control, f"{decision.decision_id}:closed"):
            return True
        waiting = False
        for action in ORDER:
            if action in decision.ruling.wait or (action in decision.ruling.do and self._needs_person(action)):
                waiting |= not self._after_approval(decision, action)
            elif action in decision.ruling.do:
                self._perform(decision, action)
        if not waiting:
            self._note(decision, EntryKind.CLOSED, self.spent(), "closed")
            self.step("closed")
        return not waiting

    def _needs_person(self, action: Action) -> bool:
        """Autonomy that was lowered after the decision holds for what is not done yet."""
        return action in CONSEQUENTIAL and self.autonomy is not Autonomy.ACT

    def _perform(self, decision: Decision, action: Action) -> None:
        entries = ledger.entries_of(self.control, decision.decision_id)
        if _ended(entries, action):
            return
        attempt = 1 + sum(1 for entry in entries if _is(entry, EntryKind.EFFECT_STARTED, action))
        hindrance = self._hindrance(decision, action, attempt)
        if hindrance:
            self._fail(decision, action, "given_up", hindrance)
            return
        body = {"action": action, "attempt": attempt, "arguments": arguments_of(decision, action)}
        self._note(decision, EntryKind.EFFECT_STARTED, body, f"{action}:started:{attempt}")
        self.step(f"{action}:started")
        self.still_mine()
        try:
            with span("effect", action=action, model=decision.model, decision_id=decision.decision_id, attempt=attempt):
                result = self._act(decision, action, entries)
        except LeaseLostError:
            raise  # another agent goes on from here: this one has no word on how the effect ended any more
        except RefitError as error:
            self._fail(decision, action, type(error).__name__, str(error))
            return
        self.step(f"{action}:acted")
        self._note(decision, EntryKind.EFFECT_DONE, {"action": action, "result": result}, f"{action}:done")
        self.step(f"{action}:done")

    def _hindrance(self, decision: Decision, action: Action, attempt: int) -> str | None:
        if attempt > self.max_attempts:
            return f"It was started {attempt - 1} times and never ended."
        age_hours = hours_between(decision.at, self.clock())
        asked_hours = self.approval_valid_for / HOUR if action in decision.ruling.wait else 0.0
        if action in CONSEQUENTIAL and attempt == 1 and age_hours > decision.rules.verdict_valid_hours + asked_hours:
            return f"The decision is {age_hours:.0f} hours old: its evidence is no longer fresh."
        return None

    def _act(self, decision: Decision, action: Action, entries: list[Entry]) -> Mapping[str, Any]:
        if action is Action.RETRAIN:
            return self._retrain(decision, entries)
        if action is Action.PROMOTE:
            return self._promote_challenger(decision)
        if action is Action.ROLL_BACK:
            return self._roll_back(decision)
        return self._tell(decision, action)

    def _tell(self, decision: Decision, action: Action) -> Mapping[str, Any]:
        earlier = told_before(self.control, decision, action)
        return with_repeats(told(decision, action), action, earlier, self.clock(), self.tell_again_after)

    def _retrain(self, decision: Decision, entries: list[Entry]) -> Mapping[str, Any]:
        """Train, let the gate judge, and promote that very version when it passed and autonomy allows it."""
        trained = next((entry for entry in entries if entry.kind == EntryKind.TRAINED), None)
        if trained is None:
            result = self.hands.train(decision.decision_id, choice_of(decision.deliberation.proposal))
            self.step("retrain:trained")
            self.still_mine()  # a training takes long enough to lose the lease
            body = {
                "version": result.version,
                "verdict_id": result.verdict_id,
                "verdict": result.verdict,
                "reason": result.reason,
                "seconds": result.seconds,
                "metrics": result.body.get("metrics"),
                "cpu_seconds": result.body.get("cpu_seconds"),
                "labels": labels_learned(result.body.get("provenance")),
            }
            trained = self._note(decision, EntryKind.TRAINED, body, "trained")
            self.step("retrain:recorded")
        done = dict(trained.body) | {"promoted": False}
        passed = done["verdict"] == VerdictStatus.PASSED and done["version"] is not None
        if passed and (self._may_promote(decision) or self._has_moved(decision, PromotionKind.PROMOTE)):
            done |= self._release(decision, done["version"], done["verdict_id"])
        return done

    def _may_promote(self, decision: Decision) -> bool:
        """One decision moves the pointer once; after a rollback the new version waits for the next decision."""
        acting = self.autonomy is Autonomy.ACT and decision.ruling.autonomy is Autonomy.ACT
        return acting and Action.ROLL_BACK not in decision.ruling.effective

    def _promote_challenger(self, decision: Decision) -> Mapping[str, Any]:
        challenger = decision.evidence.challenger
        if challenger is None or challenger.verdict_id is None:
            raise EffectError("There is no judged challenger in the evidence of this decision.")
        return self._release(decision, challenger.version, challenger.verdict_id) | {"version": challenger.version}

    def _release(self, decision: Decision, version: int, verdict_id: str) -> dict[str, Any]:
        """Promote, or begin the rollout that the model's rules ask for; what was refused is noted and not an error."""
        self.still_mine()
        try:
            done = self.hands.release(judged(decision, version, verdict_id), self._provenance(decision))
        except (PromotionRefusedError, ConcurrentChangeError) as error:
            body = {"version": version, "error": type(error).__name__, "reason": str(error)}
            self._note(decision, EntryKind.PROMOTION_REFUSED, body, "promotion_refused")
            return {"promoted": False}
        self.step("promote:moved")
        if isinstance(done, Rollout):
            note_rollouts(self.control, self.hands, decision.model, self.clock())
            return {"promoted": False, "rollout_id": done.rollout_id}
        self._note(decision, EntryKind.PROMOTED, moved(done), "promoted")
        return {"promoted": True}

    def _roll_back(self, decision: Decision) -> Mapping[str, Any]:
        move = self.hands.roll_back(decision.evidence.champion.generation, self._provenance(decision))
        self.step("roll_back:moved")
        self._note(decision, EntryKind.ROLLED_BACK, moved(move), "rolled_back")
        return moved(move)

    def _provenance(self, decision: Decision) -> Provenance:
        why = decision_words(decision)
        return Provenance(who=self.hands.who, why=why, at=self.clock(), decision_id=decision.decision_id)

    def _after_approval(self, decision: Decision, action: Action) -> bool:
        """Ask a person, or do what the answer says. False while there is no answer."""
        entries = ledger.entries_of(self.control, decision.decision_id)
        if self._begun(entries, decision, action):
            self._perform(decision, action)
            self._use_up(decision, action)
            return True
        if _ended(entries, action):
            return True
        wanted = self._binding(decision, action)
        approval = approvals.request(self.control, wanted, self.clock(), self.approval_valid_for)
        asked = {"action": action, "approval_id": approval.approval_id, "expires_at": approval.expires_at}
        self._note(decision, EntryKind.APPROVAL_REQUESTED, asked, f"{action}:asked")
        self.step(f"{action}:asked")
        if approval.state is ApprovalState.PENDING:
            approval = approvals.expire(self.control, approval.approval_id, self.clock()) or approval
        if approval.state is ApprovalState.PENDING:
            return False
        refusal = approvals.why_refused(approval, wanted)
        if refusal:
            self._note_answer(decision, approval)
            self._fail(decision, action, "not_approved", f"Not done: {refusal}.")
            return True
        self._note_answer(decision, approval)
        self._perform(decision, action)
        self._use_up(decision, action)
        return True

    def _begun(self, entries: list[Entry], decision: Decision, action: Action) -> bool:
        """Whether the effect was begun with a person's word, or has moved the champion already: then it is ended, and
        recorded as what it came to. The champion is not compared again, since the effect itself may have moved it.
        """
        started = any(_is(entry, EntryKind.EFFECT_STARTED, action) for entry in entries)
        granted = any(_is(entry, EntryKind.APPROVAL_GRANTED, action) for entry in entries)
        kind = PromotionKind.ROLL_BACK if action is Action.ROLL_BACK else PromotionKind.PROMOTE
        return started and (granted or self._has_moved(decision, kind))

    def _has_moved(self, decision: Decision, kind: PromotionKind) -> bool:
        newest = promotions(self.control, decision.model, NEWEST_MOVES)
        return any(move.decision_id == decision.decision_id and move.kind is kind for move in newest)

    def _use_up(self, decision: Decision, action: Action) -> None:
        approval = approvals.of_action(self.control, decision.decision_id, action)
        if approval is not None:
            approvals.mark_used(self.control, approval.approval_id)

    def _note_answer(self, decision: Decision, approval: Approval) -> None:
        kinds = {
            ApprovalState.APPROVED: EntryKind.APPROVAL_GRANTED,
            ApprovalState.REJECTED: EntryKind.APPROVAL_REJECTED,
        }
        kind = kinds.get(approval.state, EntryKind.APPROVAL_EXPIRED)
        action = approval.binding.action
        body = {
            "action": action,
            "arguments": approval.binding.arguments,
            "approval_id": approval.approval_id,
            "who": approval.decided_by,
            "reason": approval.reason,
        }
        self._note(decision, kind, body, f"{action}:answered")

    def _binding(self, decision: Decision, action: Action) -> Binding:
        """What an approval must have been given for to count now: also for the champion that serves now."""
        champion = self.hands.pointer()
        return Binding(
            decision_id=decision.decision_id,
            model=decision.model,
            action=action,
            arguments=arguments_of(decision, action),
            evidence_hash=decision.evidence_hash,
            champion_version=champion.version if champion else None,
        )

    def _fail(self, decision: Decision, action: Action, error: str, reason: str) -> None:
        body = {"action": action, "error": error, "reason": reason}
        self._note(decision, EntryKind.EFFECT_FAILED, body, f"{action}:failed")

    def _note(self, decision: Decision, kind: EntryKind, body: object, step: str) -> Entry:
        return ledger.append(
            self.control,
            decision_id=decision.decision_id,
            model=decision.model,
            kind=kind,
            at=self.clock(),
            body=body,
            key=f"{decision.decision_id}:{step}",
        )


def _is(entry: Entry, kind: EntryKind, action: Action) -> bool:
    return entry.kind == kind and entry.body.get("action") == action


def _ended(entries: list[Entry], action: Action) -> bool:
    return any(
        _is(entry, kind, action) for entry in entries for kind in (EntryKind.EFFECT_DONE, EntryKind.EFFECT_FAILED)
    )
