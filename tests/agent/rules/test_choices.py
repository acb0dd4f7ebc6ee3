"""What a deciding model may choose about a retraining: names of the specification, while nothing was fruitless."""

import pytest

from agent.acting import approvals
from agent.actions import Action, Autonomy
from agent.deliberation.proposal import Deliberation, Proposal, ReasonCode
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.ledger import EntryKind
from agent.record.replay import replay
from pipeline.catalog import managed_model
from pipeline.errors import InputError
from pipeline.records import Row
from pipeline.training.choice import WHOLE, TrainingChoice, TrainingWindow, learned_from, searched
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged, rules_with
from tests.agent.fakes import MODEL, Clock, FakeHands, FixedAssistant
from tests.agent.scripted import assistant, proposed, says
from tests.agent.world import BREACH, loop_in

NAMES = ("naive_bayes_word", "linear_svm_word")
CHOSEN = TrainingChoice(candidates=NAMES, window=TrainingWindow.RECENT)


def chooses(candidates=NAMES, window=TrainingWindow.RECENT, actions=frozenset({Action.RETRAIN})):
    return FixedAssistant(
        Deliberation(asked=True, proposal=Proposal(actions=actions, candidates=candidates, window=window))
    )


def test_a_choice_is_recorded_with_the_proposal_and_the_effect_and_reaches_the_training(home, store):
    hands = FakeHands(store, home / "diary")
    made = loop_in(home, store, hands=hands, assistant=chooses()).check()
    assert hands.choices == [CHOSEN]
    entries = ledger.entries_of(store.control, made.decision.decision_id)
    assert decision_of(entries[0]).deliberation.proposal.candidates == NAMES
    started = [entry.body for entry in entries if entry.kind == EntryKind.EFFECT_STARTED]
    assert started[-1]["arguments"] == {"generation": 1, "candidates": list(NAMES), "window": "recent"}
    assert replay(store.control, made.decision.decision_id).same


def test_without_a_choice_the_training_is_whole(home, store):
    hands = FakeHands(store, home / "diary")
    loop_in(home, store, hands=hands).check()
    assert hands.choices == [WHOLE]


@pytest.mark.parametrize(
    ("candidates", "change", "reason"),
    [
        (("naive_bayes_word", "rm -rf"), {}, "1 of them do not exist"),
        (
            NAMES,
            {"training": {"fruitless_in_a_row": 1}},
            "the last retraining, scheduled ones not counted, ended without",
        ),
    ],
)
def test_a_choice_that_may_not_be_made_leaves_a_whole_training(home, store, candidates, change, reason):
    hands = FakeHands(store, home / "diary")
    loop = loop_in(home, store, merged(BREACH, change), hands=hands, assistant=chooses(candidates))
    made = loop.check()
    assert hands.choices == [WHOLE]
    assert made.decision.deliberation.reason_code is ReasonCode.POLICY_CLAMPED
    assert reason in made.decision.deliberation.detail
    assert "rm -rf" not in made.decision.deliberation.detail


def test_an_approval_is_bound_to_the_choice(home, store):
    clock = Clock()
    loop_in(home, store, assistant=chooses(), autonomy=Autonomy.PROPOSE, clock=clock).check()
    (asked,) = approvals.pending(store.control, MODEL, clock())
    assert asked.binding.arguments == {"generation": 1, "candidates": list(NAMES), "window": "recent"}


def deliberated(*script):
    evidence, rules = evidence_with(merged(DRIFTED, LABELLED)), rules_with()
    from agent.rules.policy import bounds

    known = tuple(candidate.name for candidate in managed_model(MODEL).candidates)
    made = assistant(*script, candidates=known)
    return made.deliberate(evidence, bounds(evidence, rules), rules)


def test_the_tool_takes_names_of_the_specification_and_a_window():
    call = ("request_retraining", {"candidates": [*NAMES, NAMES[0]], "window": "recent"})
    thought = deliberated(says(call, finish="tool_calls"), says(("ProposedDecision", proposed())))
    assert thought.proposal.candidates == tuple(sorted(NAMES))
    assert thought.proposal.window is TrainingWindow.RECENT


def test_the_tool_refuses_a_name_that_is_none_and_nothing_is_chosen():
    call = ("request_retraining", {"candidates": ["gpt"]})
    thought = deliberated(says(call, finish="tool_calls"), says(("ProposedDecision", proposed())))
    assert (thought.proposal.candidates, thought.proposal.window) == (None, None)


def test_a_request_without_a_choice_chooses_nothing():
    thought = deliberated(says(("request_retraining", {}), finish="tool_calls"), says(("ProposedDecision", proposed())))
    assert not thought.proposal.chooses
    assert Action.RETRAIN in thought.proposal.actions


def test_the_search_is_narrowed_in_the_order_of_the_specification():
    spec = managed_model(MODEL)
    always = tuple(candidate for candidate in spec.candidates if not candidate.optional)
    assert searched(spec, WHOLE).candidates == always
    narrowed = searched(spec, TrainingChoice(candidates=("linear_svm_word", "naive_bayes_word")))
    assert [candidate.name for candidate in narrowed.candidates] == ["naive_bayes_word", "linear_svm_word"]
    with pytest.raises(InputError, match=r"no candidate gpt\. It has: naive_bayes_word"):
        searched(spec, TrainingChoice(candidates=("gpt",)))


def test_the_recent_window_keeps_the_newest_production_rows():
    spec = managed_model(MODEL)
    rows = tuple(Row(f"message {number}", 0) for number in range(spec.monitoring.window_rows + 5))
    assert learned_from(spec, rows, WHOLE) is rows
    assert learned_from(spec, rows, CHOSEN) == rows[:-5]
