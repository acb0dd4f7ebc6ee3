"""A process that is killed at any named point, really killed, restarts without losing or repeating anything."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from agent.acting import approvals, leases
from agent.actions import Action, Autonomy
from agent.chat.desk import Requested
from agent.deliberation.proposal import Deliberation, Proposal
from agent.errors import BusyError, LeaseLostError
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.releases.promotion import pointer, promotions
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.agent import builders
from tests.agent.builders import CHALLENGER, merged
from tests.agent.fakes import MODEL, Clock, FakeHands, add_champion, add_verdict, add_version
from tests.agent.world import BREACH, kinds, loop_in

KILLED = 9
WINDOW = merged(BREACH, {"drift": {"from_seq": 1, "to_seq": 500}})
RETRAINING = [
    "resumed",
    "observed",
    "decided",
    "recorded",
    "reported",
    "alert:started",
    "alert:acted",
    "alert:done",
    "retrain:started",
    "retrain:trained",
    "retrain:recorded",
    "promote:moved",
    "retrain:acted",
    "retrain:done",
    "closed",
]
UNRECORDED = {"resumed", "observed", "decided"}


def killed_at(home, point, evidence, **changes):
    """A pass in a process of its own that ends at `point` as if by SIGKILL: no cleanup, no released lease."""
    pid = os.fork()
    if pid == 0:
        try:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            store = open_store(PipelineSettings(_env_file=None, home=home))
            loop_in(home, store, evidence, step=lambda at: os._exit(KILLED) if at == point else None, **changes).check(
                scheduled=True
            )
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def restarted(home, store, evidence, **changes):
    clock = Clock()
    clock.forward(minutes=2)  # the lease of the dead process has run out
    return loop_in(home, store, evidence, clock=clock, **changes)


def test_the_points_are_all_that_a_retraining_passes(home, store):
    seen = []
    loop_in(home, store, WINDOW, step=seen.append).check(scheduled=True)
    assert seen == RETRAINING


@pytest.mark.parametrize("point", RETRAINING)
def test_a_kill_loses_no_decision_and_repeats_no_training_and_no_promotion(home, store, point):
    add_champion(store)
    store.close()
    assert killed_at(home, point, WINDOW) == KILLED
    before = [entry.decision_id for entry in ledger.decisions(store.control)]
    assert (before == []) == (point in UNRECORDED)
    loop = restarted(home, store, WINDOW)
    made = loop.check(scheduled=True)
    assert before in ([], [made.decision.decision_id])  # the window was decided on once
    assert loop.hands.trainings == [made.decision.decision_id]
    assert [move.to_version for move in promotions(store.control, MODEL)] == [2, 1]
    found = kinds(store, made.decision.decision_id)
    assert [found.count(kind) for kind in (EntryKind.TRAINED, EntryKind.PROMOTED, EntryKind.CLOSED)] == [1, 1, 1]
    assert ledger.unfinished(store.control, MODEL) == []
    assert ledger.verify(store.control).intact


ASKED = Deliberation(proposal=Proposal(actions=frozenset({Action.RETRAIN})), conversation="c1")


@pytest.mark.parametrize("point", [point for point in RETRAINING if point not in UNRECORDED | {"reported"}])
def test_a_kill_loses_and_repeats_nothing_of_what_a_conversation_asked_for(home, store, point):
    add_champion(store)
    store.close()
    assert killed_at(home, point, BREACH, assistant=Requested(ASKED)) == KILLED
    loop = restarted(home, store, builders.CALM)
    loop.resume()
    (entry,) = ledger.decisions(store.control)
    assert entry.body["decided_by"] == "conversation"
    assert loop.hands.trainings == [entry.decision_id]
    found = kinds(store, entry.decision_id)
    assert [found.count(kind) for kind in (EntryKind.TRAINED, EntryKind.PROMOTED, EntryKind.CLOSED)] == [1, 1, 1]


@pytest.mark.parametrize("point", ["promote:started", "promote:moved", "promote:acted", "promote:done"])
def test_a_kill_during_a_promotion_repeats_no_promotion(home, store, point):
    add_champion(store)
    version = add_version(store)
    verdict_id = add_verdict(store, version, against=1)
    evidence = merged(CHALLENGER, {"challenger": {"version": version, "verdict_id": verdict_id}})
    store.close()
    assert killed_at(home, point, evidence) == KILLED
    loop = restarted(home, store, evidence)
    loop.resume()
    assert [move.to_version for move in promotions(store.control, MODEL)] == [2, 1]
    assert ledger.unfinished(store.control, MODEL) == []


@pytest.mark.parametrize("point", ["roll_back:started", "roll_back:moved", "roll_back:acted", "roll_back:done"])
def test_a_kill_during_a_rollback_goes_back_once(home, store, point):
    for _ in range(3):
        add_champion(store)
    failing = {
        "champion": {"version": 3, "generation": 3, "previous_version": 2, "previous_p_below_floor": 0.01},
        "accuracy": {"estimate": 0.8, "p_below_floor": 0.999},
    }
    store.close()
    assert killed_at(home, point, failing) == KILLED
    restarted(home, store, failing).resume()
    assert pointer(store.control, MODEL).version == 2
    assert len(promotions(store.control, MODEL)) == 4


def test_an_effect_that_kills_its_process_every_time_is_given_up(home, store):
    add_champion(store)
    store.close()
    for attempt in range(3):
        clock = Clock()
        clock.forward(minutes=2 * attempt)
        assert killed_at(home, "retrain:started", WINDOW, clock=clock) == KILLED
    clock = Clock()
    clock.forward(minutes=10)
    loop = loop_in(home, store, WINDOW, clock=clock)
    (left,) = loop.resume()
    (failed,) = [entry.body for entry in ledger.entries_of(store.control, left) if entry.kind == "effect_failed"]
    assert failed["error"] == "given_up"
    assert loop.hands.trainings == []


def test_two_agents_at_once_act_once(home, store):
    add_champion(store)
    together = Barrier(2)

    def agent(name):
        own = open_store(PipelineSettings(_env_file=None, home=home))
        together.wait()
        try:
            return loop_in(home, own, WINDOW, holder=name).check(scheduled=True).decision.decision_id
        except BusyError:
            return None
        finally:
            own.close()

    with ThreadPoolExecutor(2) as pool:
        ids = {found for found in pool.map(agent, ("one", "two")) if found}
    assert len(ids) == 1
    assert FakeHands(store, home / "diary").trainings == list(ids)
    assert len(ledger.decisions(store.control)) == 1
    assert len(promotions(store.control, MODEL)) == 2


def test_an_agent_that_lost_its_lease_does_not_act(home, store):
    add_champion(store)
    clock = Clock()

    def pause(point):
        if point == "recorded":  # this agent sleeps; another takes over and finishes
            clock.forward(minutes=2)
            loop_in(home, store, WINDOW, clock=clock, holder="other").resume()

    made = loop_in(home, store, WINDOW, clock=clock, step=pause).check(scheduled=True)
    assert FakeHands(store, home / "diary").trainings == [made.decision.decision_id]
    assert kinds(store, made.decision.decision_id).count(EntryKind.CLOSED) == 1


def test_an_agent_that_lost_its_lease_stops_before_the_effect(home, store):
    add_champion(store)
    clock = Clock()

    def pause(point):
        if point == "alert:started":  # this agent sleeps; another has taken the lease and not acted yet
            clock.forward(minutes=2)
            leases.acquire(store.control, f"model:{MODEL}", "other", clock(), timedelta(minutes=1))

    with pytest.raises(LeaseLostError):
        loop_in(home, store, WINDOW, clock=clock, step=pause).check(scheduled=True)
    assert FakeHands(store, home / "diary").trainings == []
    (left,) = ledger.unfinished(store.control, MODEL)
    clock.forward(minutes=2)
    assert loop_in(home, store, WINDOW, clock=clock).resume() == [left.decision_id]
    assert FakeHands(store, home / "diary").trainings == [left.decision_id]


def test_a_recorded_training_is_not_asked_for_again(home, store):
    add_champion(store)
    store.close()
    assert killed_at(home, "retrain:recorded", WINDOW) == KILLED
    hands = FakeHands(store, home / "diary", error=AssertionError("trained again"))
    made = restarted(home, store, WINDOW, hands=hands).check(scheduled=True)
    assert EntryKind.PROMOTED in kinds(store, made.decision.decision_id)


def test_a_kill_after_the_approval_still_does_what_was_approved_once(home, store):
    add_champion(store)
    clock = Clock()
    made = loop_in(home, store, WINDOW, clock=clock, autonomy=Autonomy.PROPOSE).check(scheduled=True)
    asked = approvals.of_action(store.control, made.decision.decision_id, Action.RETRAIN)
    approvals.decide(store.control, asked.approval_id, granted=True, who="ann", reason=None, now=clock())
    store.close()
    calm = builders.CALM
    assert killed_at(home, "retrain:trained", calm, clock=clock, autonomy=Autonomy.PROPOSE) == KILLED
    loop = restarted(home, store, calm, autonomy=Autonomy.PROPOSE)
    loop.resume()
    assert loop.hands.trainings == [made.decision.decision_id]
    assert kinds(store, made.decision.decision_id)[-1] == EntryKind.CLOSED
