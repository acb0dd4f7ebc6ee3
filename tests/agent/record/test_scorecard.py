"""Outcomes, and the deciding model against the rules."""

from datetime import timedelta

import pytest

from agent.actions import Action
from agent.build import build_assistant
from agent.deliberation.proposal import Deliberation, Proposal, ReasonCode
from agent.record import ledger
from agent.record.ledger import EntryKind
from agent.record.outcomes import append_outcome
from agent.record.scorecard import Regret, scorecard
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.gate.rules import VerdictStatus
from tests.agent.builders import CALM, LABELLED, evidence_with, merged
from tests.agent.fakes import MODEL, NOON, Clock, FakeHands, FixedAssistant
from tests.agent.openai_stub import Stub, completion
from tests.agent.scripted import proposed
from tests.agent.world import BREACH, loop_in


def card(store):
    newest = ledger.decisions(store.control, MODEL)
    return scorecard([ledger.entries_of(store.control, entry.decision_id) for entry in newest])


def proposing(actions=(), defer=()):
    proposal = Proposal(actions=frozenset(actions), defer=frozenset(defer), reasons=("because",))
    return FixedAssistant(Deliberation(asked=True, proposal=proposal))


WAITS = proposing(defer=[Action.RETRAIN])
TRAINS = proposing(actions=[Action.RETRAIN])
TRAINABLE = merged(CALM, LABELLED)


def test_without_a_deciding_model_there_is_nothing_to_score(home, store):
    loop_in(home, store).check()
    assert (card(store).asked, card(store).choices, card(store).demoted) == (0, (), False)


def test_an_answer_that_changes_nothing_is_no_choice(home, store):
    loop_in(home, store, assistant=proposing([Action.RETRAIN, Action.ASK_PERSON])).check()
    assert (card(store).accepted, card(store).choices) == (1, ())


@pytest.mark.parametrize(("later", "regret"), [(BREACH, Regret.WORSE), (CALM, Regret.BETTER)])
def test_waiting_is_judged_by_what_the_next_look_sees(home, store, later, regret):
    loop_in(home, store, assistant=WAITS).check()
    assert [choice.regret for choice in card(store).choices] == [Regret.OPEN]
    loop_in(home, store, later).check()
    assert [choice.regret for choice in card(store).choices] == [regret]


def test_a_training_of_its_own_that_brought_nothing_was_worse(home, store):
    hands = FakeHands(store, home / "diary", verdict=VerdictStatus.FAILED)
    loop_in(home, store, TRAINABLE, assistant=TRAINS, hands=hands).check()
    (choice,) = card(store).choices
    assert (choice.added, choice.regret) == ({"retrain"}, Regret.WORSE)


@pytest.mark.parametrize(("after", "regret"), [(0.99, Regret.BETTER), (0.9, Regret.WORSE)])
def test_a_promotion_of_its_own_is_judged_by_the_accuracy_afterwards(home, store, after, regret):
    loop_in(home, store, TRAINABLE, assistant=TRAINS).check()
    assert [choice.regret for choice in card(store).choices] == [Regret.OPEN]
    seen = {"champion": {"version": 2, "generation": 2}, "accuracy": {"estimate": after}}
    append_outcome(store.control, evidence_with(seen), NOON)
    assert [choice.regret for choice in card(store).choices] == [regret]


def test_three_choices_that_did_worse_demote_to_advice_and_the_rules_go_on(home, store):
    clock = Clock()
    for _ in range(3):
        loop_in(home, store, assistant=WAITS, clock=clock).check()
        clock.forward(hours=1)
    assert not card(store).demoted
    made = loop_in(home, store, clock=clock).check()
    assert card(store).demoted
    assert Action.RETRAIN in made.decision.ruling.effective


def test_an_outcome_is_appended_once_when_labels_suffice(home, store):
    loop = loop_in(home, store)
    made = loop.check()
    later = NOON + timedelta(hours=3)
    served = {"champion": {"version": 2, "generation": 2}}
    few = evidence_with(merged(served, {"accuracy": {"status": "too_few", "estimate": None}}))
    assert append_outcome(store.control, few, later) is None
    first = append_outcome(store.control, evidence_with(served), later)
    assert append_outcome(store.control, evidence_with(served), later + timedelta(hours=1)) == first
    assert first.body["accuracy_after"] == 0.985
    assert (first.body["labels_spent"], first.body["hours_after"]) == (240, 3.0)
    kinds = [entry.kind for entry in ledger.entries_of(store.control, made.decision.decision_id)]
    assert kinds.count(EntryKind.OUTCOME) == 1
    assert kinds[-1] == EntryKind.OUTCOME
    assert ledger.verify(store.control).intact


def test_a_champion_that_a_person_promoted_gives_no_outcome(home, store):
    loop_in(home, store).check()
    seen = evidence_with({"champion": {"version": 3, "generation": 3}})
    assert append_outcome(store.control, seen, NOON) is None


def test_a_model_that_was_demoted_is_asked_and_recorded_and_the_rules_decide(home, store, settings):
    """As it is built from settings: nobody has to switch anything."""
    clock = Clock()
    for _ in range(4):
        loop_in(home, store, assistant=WAITS, clock=clock).check()
        clock.forward(hours=1)
    assert card(store).demoted
    waits = proposed(actions=[], defer=["retrain"])
    with Stub([completion(("ProposedDecision", waits))]) as stub:
        configured = AgentSettings(_env_file=None, base_url=stub.url, llm_model="stub", pipeline=settings)
        real = build_assistant(configured, store, managed_model(MODEL))
        made = loop_in(home, store, assistant=real, clock=clock).check()
    thought = made.decision.deliberation
    assert (made.decision.decided_by, thought.reason_code) == ("rules", ReasonCode.ADVICE_ONLY)
    assert (thought.proposal, thought.advice.defer) == (None, {Action.RETRAIN})
    assert made.decision.ruling == loop_in(home, store, clock=clock).dry_run().decision.ruling
    assert Action.RETRAIN in made.decision.ruling.effective


def test_what_a_conversation_asked_for_is_not_held_against_the_model(home, store):
    proposal = Proposal(actions=frozenset({Action.RETRAIN}))
    asked = FixedAssistant(Deliberation(asked=True, proposal=proposal, conversation="c1"))
    hands = FakeHands(store, home / "diary", verdict=VerdictStatus.FAILED)
    loop_in(home, store, TRAINABLE, assistant=asked, hands=hands).check()
    assert (card(store).asked, card(store).accepted, card(store).choices) == (0, 0, ())
