"""What a pass of the loop records and does, at each autonomy, with and without a deciding model."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from agent.acting import leases
from agent.actions import Action, Autonomy, Headline
from agent.deliberation.proposal import Deliberation, Proposal, ReasonCode
from agent.errors import BusyError, LeaseLostError
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.gate.rules import VerdictStatus
from pipeline.monitoring.window import last_look, reports
from pipeline.releases.promotion import pointer, promotions
from pipeline.store import control as tables
from pipeline.store.engine import writing
from tests.agent.builders import CHALLENGER, DRIFTED, merged
from tests.agent.fakes import MODEL, FakeHands, FixedAssistant, add_champion, add_verdict, add_version
from tests.agent.world import BREACH, kinds, loop_in
from tools.errors import TrainingFailedError

ON_POSTGRESQL_TOO = True


def test_a_retraining_is_recorded_before_it_is_done_and_promotes_the_version_that_passed(home, store):
    made = loop_in(home, store).check()
    assert made.decision.headline is Headline.RETRAIN
    assert kinds(store, made.decision.decision_id) == [
        EntryKind.DECISION,
        EntryKind.EFFECT_STARTED,
        EntryKind.EFFECT_DONE,
        EntryKind.EFFECT_STARTED,
        EntryKind.TRAINED,
        EntryKind.PROMOTED,
        EntryKind.EFFECT_DONE,
        EntryKind.CLOSED,
    ]
    assert pointer(store.control, MODEL).version == 2
    assert made.closed
    assert ledger.verify(store.control).intact


@pytest.mark.parametrize("verdict", [VerdictStatus.FAILED, VerdictStatus.UNDECIDED, VerdictStatus.UNCHANGED])
def test_a_version_that_the_gate_did_not_pass_is_not_promoted(home, store, verdict):
    hands = FakeHands(store, home / "diary", verdict=verdict)
    made = loop_in(home, store, hands=hands).check()
    assert EntryKind.TRAINED in kinds(store, made.decision.decision_id)
    assert EntryKind.PROMOTED not in kinds(store, made.decision.decision_id)
    assert pointer(store.control, MODEL).version == 1


def test_without_drift_nothing_is_done_and_the_decision_is_recorded_all_the_same(home, store):
    made = loop_in(home, store, {}).check()
    assert made.decision.headline is Headline.NO_ACTION
    assert kinds(store, made.decision.decision_id) == [EntryKind.DECISION, EntryKind.CLOSED]


def test_without_labels_people_are_told_and_asked_for_labels(home, store):
    made = loop_in(home, store, merged(DRIFTED, {"training": {"new_labels": 40}})).check()
    done = {e.body["action"]: e.body["result"] for e in made.events if e.kind == EntryKind.EFFECT_DONE}
    assert set(done) == {"alert", "request_labels"}
    assert done["request_labels"]["labels_wanted"] == 60


def test_a_dry_run_records_and_does_nothing(home, store):
    loop = loop_in(home, store)
    made = loop.dry_run()
    assert made.decision.headline is Headline.RETRAIN
    assert ledger.decisions(store.control) == []
    assert loop.hands.trainings == []


def test_a_training_that_fails_is_recorded_and_not_tried_again_by_the_same_decision(home, store):
    hands = FakeHands(store, home / "diary", error=TrainingFailedError("out of memory"))
    loop = loop_in(home, store, hands=hands)
    made = loop.check()
    failed = [e.body for e in made.events if e.kind == EntryKind.EFFECT_FAILED]
    assert failed == [{"action": "retrain", "error": "TrainingFailedError", "reason": "out of memory"}]
    assert made.closed
    assert loop.resume() == []


def test_a_champion_that_moved_during_the_training_is_not_overwritten(home, store):
    class Slow(FakeHands):
        def train(self, decision_id, choice=None):
            result = super().train(decision_id)
            add_champion(self.store)  # a person promotes another version meanwhile
            return result

    made = loop_in(home, store, hands=Slow(store, home / "diary")).check()
    assert EntryKind.PROMOTION_REFUSED in kinds(store, made.decision.decision_id)
    assert pointer(store.control, MODEL).version == 3


def test_a_proven_challenger_is_promoted_by_name(home, store):
    add_champion(store)
    version = add_version(store)
    verdict_id = add_verdict(store, version, against=1)
    add_version(store)  # a newer version that nobody judged must not be taken in its place
    challenger = merged(CHALLENGER, {"challenger": {"version": version, "verdict_id": verdict_id}})
    made = loop_in(home, store, challenger).check()
    assert made.decision.headline is Headline.PROMOTE
    assert pointer(store.control, MODEL).version == version


def test_a_failing_champion_is_rolled_back(home, store):
    add_champion(store)
    add_champion(store)
    failing = {
        "champion": {"version": 2, "generation": 2, "previous_version": 1, "previous_p_below_floor": 0.01},
        "accuracy": {"estimate": 0.8, "p_below_floor": 0.999},
    }
    made = loop_in(home, store, failing).check()
    assert made.decision.headline is Headline.ROLL_BACK
    assert pointer(store.control, MODEL).version == 1
    assert EntryKind.ROLLED_BACK in kinds(store, made.decision.decision_id)


def test_observing_says_it_and_alerts_but_changes_nothing(home, store):
    loop = loop_in(home, store, autonomy=Autonomy.OBSERVE)
    made = loop.check()
    assert made.decision.ruling.say == {Action.RETRAIN}
    assert made.decision.headline is Headline.RETRAIN
    assert [e.body["action"] for e in made.events if e.kind == EntryKind.EFFECT_DONE] == ["alert"]
    assert loop.hands.trainings == []


def test_a_scheduled_look_uses_its_window_up_and_a_manual_one_does_not(home, store):
    window = merged(BREACH, {"drift": {"from_seq": 1, "to_seq": 500}})
    loop_in(home, store, window).check()
    assert last_look(store.telemetry, model=MODEL, generation=1) == 0
    loop_in(home, store, window).check(scheduled=True)
    assert last_look(store.telemetry, model=MODEL, generation=1) == 500
    assert [report.scheduled for report in reports(store.telemetry, model=MODEL, limit=9)] == [True, False]


def test_a_scheduled_window_is_decided_on_once(home, store):
    window = merged(BREACH, {"drift": {"from_seq": 1, "to_seq": 500}})
    first = loop_in(home, store, window).check(scheduled=True)
    loop = loop_in(home, store, window)
    second = loop.check(scheduled=True)
    assert second.decision.decision_id == first.decision.decision_id
    assert loop.hands.trainings == [first.decision.decision_id]
    assert len(promotions(store.control, MODEL)) == 2


def test_while_another_agent_holds_the_lease_a_check_is_busy(home, store):
    loop = loop_in(home, store)
    leases.acquire(store.control, f"model:{MODEL}", "other", loop.clock(), timedelta(seconds=60))
    with pytest.raises(BusyError, match="other"):
        loop.check()
    loop.clock.forward(seconds=60)
    assert loop.check().closed


def asked(actions, defer=(), reasons=("because",)):
    proposal = Proposal(actions=frozenset(actions), defer=frozenset(defer), reasons=reasons)
    return FixedAssistant(Deliberation(asked=True, proposal=proposal))


def test_the_agent_may_put_a_retraining_off_and_people_are_told_all_the_same(home, store):
    loop = loop_in(home, store, assistant=asked([], defer=[Action.RETRAIN]))
    made = loop.check()
    assert made.decision.ruling.effective == {Action.ALERT}
    assert made.decision.ruling.deferred == {Action.RETRAIN}
    assert made.decision.decided_by == "agent"
    assert loop.hands.trainings == []


def test_what_the_agent_may_not_ask_for_is_refused_by_name_and_recorded(home, store):
    loop = loop_in(home, store, assistant=asked([Action.PROMOTE, Action.ROLL_BACK]))
    made = loop.check()
    assert made.decision.ruling.effective == {Action.ALERT, Action.RETRAIN}
    assert {refusal.action for refusal in made.decision.ruling.refusals} == {"promote", "roll_back"}
    assert made.decision.deliberation.reason_code is ReasonCode.POLICY_CLAMPED


def test_when_the_deciding_model_fails_the_rules_decide_and_the_reason_is_recorded(home, store):
    silent = FixedAssistant(Deliberation(asked=True, reason_code=ReasonCode.LLM_TIMEOUT))
    made = loop_in(home, store, assistant=silent).check()
    alone = loop_in(home, store).dry_run()
    assert made.decision.ruling == alone.decision.ruling
    assert made.decision.decided_by == "rules"
    assert made.decision.deliberation.reason_code is ReasonCode.LLM_TIMEOUT


def test_an_agent_that_lost_its_lease_during_the_training_records_and_promotes_nothing(home, store):
    class Slow(FakeHands):
        def train(self, decision_id, choice=None):
            result = super().train(decision_id)
            with writing(self.store.control).begin() as connection:  # another agent takes over meanwhile
                connection.execute(update(tables.leases).values(holder="another", token=99))
            return result

    with pytest.raises(LeaseLostError):
        loop_in(home, store, hands=Slow(store, home / "diary")).check()
    (left,) = ledger.unfinished(store.control, MODEL)
    assert not {EntryKind.TRAINED, EntryKind.PROMOTED, EntryKind.EFFECT_FAILED} & {
        entry.kind
        for entry in ledger.entries_of(store.control, left.decision_id)
        if entry.body.get("action") in (None, Action.RETRAIN)
    }
    assert pointer(store.control, MODEL).version == 1
