"""Requests of a conversation: each opens a decision of the loop, where acting is enabled and no stranger was read."""

import json

import pytest

from agent.actions import Autonomy
from agent.chat.plain import REQUESTS, understand
from agent.chat.sitting import May
from agent.record import chat_spending, ledger
from agent.record.ledger import EntryKind
from agent.record.replay import replay
from agent.record.usage import Usage
from pipeline.releases.promotion import pointer
from pipeline.training.choice import TrainingWindow
from tests.agent.builders import CALM, DRIFTED, LABELLED, merged
from tests.agent.fakes import MODEL, NOON, FakeHands
from tests.agent.foresight.chat_requests import TRAINABLE, answered, closed
from tests.agent.scripted import says
from tests.agent.world import loop_in
from tools import act


def test_a_plain_request_opens_a_decision_that_is_recorded_and_carried_out(talk, store):
    chat = talk()
    final, tools = answered(chat, "retrain")
    decision, kinds = closed(chat, store)
    assert tools == {"request_retraining": "ok"}
    assert final["answer"] == f"recorded in decision {decision.decision_id}: retrain."
    assert (decision.decided_by, decision.deliberation.conversation) == ("conversation", "c1")
    assert (decision.deliberation.asked, decision.deliberation.llm_model) == (False, None)
    assert [kinds.count(kind) for kind in (EntryKind.TRAINED, EntryKind.PROMOTED, EntryKind.CLOSED)] == [1, 1, 1]
    assert pointer(store.control, MODEL).version == 2
    assert replay(store.control, decision.decision_id).same


def test_candidates_and_window_go_with_a_plain_request(talk, store, home):
    hands = FakeHands(store, home / "diary")
    chat = talk(hands=hands)
    answered(chat, "retrain with naive_bayes_word and linear_svm_word on recent rows")
    closed(chat, store)
    (chosen,) = hands.choices
    assert (chosen.candidates, chosen.window) == (("linear_svm_word", "naive_bayes_word"), TrainingWindow.RECENT)


def test_a_request_that_waits_for_a_person_is_queued(talk, store):
    chat = talk(autonomy=Autonomy.PROPOSE)
    final, tools = answered(chat, "retrain")
    decision, kinds = closed(chat, store)
    assert tools == {"request_retraining": "needs_approval"}
    assert final["answer"].startswith(f"queued_for_approval in decision {decision.decision_id}")
    assert EntryKind.APPROVAL_REQUESTED in kinds
    assert EntryKind.TRAINED not in kinds


def test_when_the_agent_only_observes_a_request_is_recorded_and_only_said(talk, store):
    chat = talk(autonomy=Autonomy.OBSERVE)
    assert "nothing is done" in answered(chat, "retrain")[0]["answer"]
    assert EntryKind.TRAINED not in closed(chat, store)[1]


@pytest.mark.parametrize(
    ("question", "evidence", "rule"),
    [
        ("retrain", CALM, "no_retraining_without_enough_new_labels"),
        ("retrain", merged(TRAINABLE, {"training": {"hours_since_attempt": 1.0}}), "no_retraining_during_cooldown"),
        ("retrain", merged(TRAINABLE, {"training": {"fruitless_in_a_row": 3}}), "ask_a_person_when_retrainings_do_not"),
        ("promote", CALM, "refuse_what_the_policy_does_not_permit"),
        ("roll back", CALM, "refuse_what_the_policy_does_not_permit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_policy_does_not_permit_is_refused_by_the_name_of_the_rule(talk, store, question, evidence, rule):
    chat = talk(evidence=evidence)
    final, tools = answered(chat, question)
    decision, kinds = closed(chat, store)
    assert list(tools.values()) == ["refused"]
    assert f"refused in decision {decision.decision_id} by {rule}" in final["answer"]
    assert not {EntryKind.TRAINED, EntryKind.PROMOTED, EntryKind.ROLLED_BACK} & set(kinds)


@pytest.mark.parametrize(("question", "action"), [("request labels", "request_labels"), ("alert", "alert")])
def test_telling_people_is_always_permitted(talk, store, question, action):
    chat = talk(evidence=CALM)
    assert answered(chat, question)[0]["answer"].endswith(f": {action}.")
    assert EntryKind.EFFECT_DONE in closed(chat, store)[1]


def test_a_candidate_that_does_not_exist_refuses_the_request_and_opens_nothing(talk, store):
    assert "by unknown_candidate" in answered(talk(), "retrain with gpt")[0]["answer"]
    assert ledger.decisions(store.control, MODEL) == []


@pytest.mark.parametrize("may", [May(), May(act=False, read_messages=False)])
def test_without_explicit_enabling_nothing_can_be_asked_for(talk, store, may):
    final, tools = answered(talk(), "retrain", may)
    assert tools == {"request_retraining": "refused"}
    assert "by acting_is_not_enabled" in final["answer"]
    assert ledger.decisions(store.control, MODEL) == []


def test_a_chat_that_was_built_without_passes_cannot_act(talk, store):
    assert "acting_is_not_enabled" in answered(talk(desk=False), "retrain")[0]["answer"]
    assert ledger.decisions(store.control, MODEL) == []


@pytest.mark.parametrize(
    "question",
    [
        "why was v3 promoted?",
        "should we retrain?",
        "what happens if you roll back",
        "when did you last retrain",
        "do not retrain",
        "how many labels",
        "retraining",
    ],
)
def test_a_question_that_mentions_an_action_asks_for_none(question):
    asked = understand(question)
    assert asked is None or not {call.tool for call in asked.calls} & REQUESTS


def test_the_plain_commands_know_the_acting_tools():
    assert frozenset(act.REQUESTS) == REQUESTS


def test_the_llm_asks_through_its_tools_and_the_decision_names_model_and_prompt(talk, store):
    chat = talk(says(("request_retraining", {"reason": "the operator asked"})), says(text="It is recorded."))
    final, tools = answered(chat, "please have it retrained")
    decision, _ = closed(chat, store)
    assert (tools, final["by"]) == ({"request_retraining": "ok"}, "llm")
    thought = decision.deliberation
    assert (thought.asked, thought.llm_model, thought.prompt_version) == (True, "scripted", "chat-2")
    assert "retrain" in {action.value for action in decision.ruling.effective}


def test_the_same_request_twice_opens_one_decision(talk, store):
    twice = says(("raise_alert", {}), ("raise_alert", {"reason": "again"}))
    chat = talk(twice, says(("raise_alert", {})), says(text="Told."))
    answered(chat, "tell people")
    assert len(ledger.decisions(store.control, MODEL)) == 1


def test_an_llm_that_fails_after_its_request_does_not_make_it_again(talk, store):
    chat = talk(says(("request_labels", {})), RuntimeError("gone"), evidence=CALM)
    final, _ = answered(chat, "request labels")
    assert final["answer"].startswith("recorded in decision")
    assert len(ledger.decisions(store.control, MODEL)) == 1


def test_an_llm_without_enabling_is_not_offered_the_acting_tools(talk, store):
    chat = talk(says(("request_retraining", {})), says(text="Done."))
    answered(chat, "retrain it", May())
    assert ledger.decisions(store.control, MODEL) == []


def test_an_llm_that_was_demoted_to_advice_asks_for_nothing_and_a_person_still_may(talk, store):
    chat = talk(says(("request_retraining", {})), says(text="Done."), advice_only=True)
    answered(chat, "have it retrained")
    assert ledger.decisions(store.control, MODEL) == []
    final, tools = answered(chat, "retrain")
    assert (tools, final["by"]) == ({"request_retraining": "ok"}, "tools")
    assert ledger.decisions(store.control, MODEL) != []


def test_while_another_agent_works_a_request_is_refused_and_says_so(talk, home, store):
    chat, answers = talk(), []

    def ask_meanwhile(point):
        if point == "recorded":
            answers.append(answered(chat, "retrain")[0]["answer"])

    loop_in(home, store, CALM, holder="another", step=ask_meanwhile).check()
    assert "refused by one_agent_at_a_time" in answers[0]


def test_a_request_has_no_part_in_the_scorecard_of_the_llm(talk, store):
    from agent.record.scorecard import scorecard

    chat = talk(says(("request_retraining", {})), says(text="Recorded."))
    answered(chat, "have it retrained")
    closed(chat, store)
    card = scorecard([ledger.entries_of(store.control, one.decision_id) for one in ledger.decisions(store.control)])
    assert (card.asked, card.accepted, card.choices) == (0, 0, ())


def test_what_a_conversation_takes_is_counted_against_the_day(talk, store):
    usage = {"input_tokens": 700, "output_tokens": 30, "total_tokens": 730}
    chat = talk(says(text="All is well.", usage_metadata=usage))
    answered(chat, "how is it?")
    assert chat_spending.spent_since(store.control, NOON) == Usage(calls=1, tokens=730)
    assert chat_spending.spent_since(store.control, NOON.replace(year=2027)) == Usage()


@pytest.mark.parametrize("evidence", [merged(DRIFTED, LABELLED), CALM])
def test_what_is_required_happens_whatever_a_conversation_asks_for(talk, store, evidence):
    chat = talk(evidence=evidence)
    answered(chat, "alert")
    decision, _ = closed(chat, store)
    assert decision.bounds.required <= decision.ruling.effective <= decision.bounds.permitted
    assert json.loads(ledger.decisions(store.control)[0].text)["decided_by"] == "conversation"
