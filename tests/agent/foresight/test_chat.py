"""Conversations: plain commands and the LLM from the same tools, every figure from one of them, memory."""

import asyncio
import json
from pathlib import Path

import pytest

from agent.chat.events import EventKind
from agent.chat.memory import KEPT_TURNS, ConversationError, Conversations, Turn
from agent.chat.plain import HELP, told
from agent.chat.talk import Chat
from agent.chat.tools import chat_tools
from agent.record import ledger
from agent.record.ledger import EntryKind
from tests.agent.fakes import MODEL, NOON
from tests.agent.scripted import says


def answered(chat: Chat, question: str, conversation: str = "c1"):
    async def run():
        return [event async for event in chat.ask(question, conversation)]

    events = asyncio.run(run())
    assert [event.kind for event in events].count(EventKind.FINAL) == 1
    assert events[-1].kind is EventKind.FINAL
    return events, events[-1].data


def tools_of(events) -> list[str]:
    return [event.data["tool"] for event in events if event.kind is EventKind.TOOL_FINISHED]


@pytest.mark.parametrize(
    ("question", "tools"),
    [
        ("how is the model?", ["health"]),
        ("health", ["health"]),
        ("Is there drift?", ["drift_report", "drift_history"]),
        ("what is the accuracy", ["accuracy_and_labels"]),
        ("what happened lately", ["decision_history"]),
        ("why was v2 promoted?", ["why_promoted"]),
        ("Why v2?", ["why_promoted"]),
        ("how much did it cost", ["costs"]),
        ("what if drift threshold were 0.2", ["what_if_changed"]),
        ("what if cooldown-hours 12", ["what_if_changed"]),
        ("how many retrainings are left of the budget", ["schedule_and_budget"]),
    ],
)
def test_a_plain_question_is_answered_by_its_tools(chat, question: str, tools: list[str]) -> None:
    events, final = answered(chat(), question)
    assert tools_of(events) == tools
    assert final["by"] == "tools"
    assert final["answer"] != HELP


@pytest.mark.parametrize("question", ["tell me a joke", "what if", "what if pigs fly", "?"])
def test_what_is_not_understood_gets_the_list_of_commands(chat, question: str) -> None:
    assert answered(chat(), question)[1]["answer"] == HELP


def test_why_names_the_decision_its_rules_and_the_gate(chat, store) -> None:
    answer = answered(chat(), "why was v2 promoted?")[1]["answer"]
    (decision,) = ledger.decisions(store.control, MODEL)
    assert decision.decision_id in answer
    assert "0.23" in answer
    assert "240 new labelled rows" in answer
    assert "in place of v1" in answer


def test_a_promotion_by_a_person_is_said_to_be_one_without_their_words(chat) -> None:
    answer = answered(chat(), "why was v1 promoted?")[1]["answer"]
    assert "A person did it" in answer
    assert "a champion for the test" not in answer


def test_a_version_that_never_served_is_said_to_be_none(chat) -> None:
    assert "v9 never became champion" in answered(chat(), "why was v9 promoted?")[1]["answer"]


def test_what_if_says_what_changes_and_where(chat) -> None:
    same = answered(chat(), "what if the drift threshold were 0.2?")[1]["answer"]
    other = answered(chat(), "what if drift_threshold 25%")[1]["answer"]
    assert "nothing changes" in same
    assert "change at 0.23" in same
    assert "RETRAIN (alert, retrain) -> NO_ACTION (hold)" in other


def test_costs_count_what_the_ledger_holds(chat, store) -> None:
    thought = {"deliberation": {"calls": 2, "input_tokens": 900, "output_tokens": 100, "cost_usd": 0.05}}
    for days, number in ((1, "a"), (400, "b")):
        at = NOON.replace(year=NOON.year - (days > 366))
        ledger.append(store.control, decision_id=number, model=MODEL, kind=EntryKind.DECISION, at=at, body=thought)
    answer = answered(chat(), "costs")[1]["answer"]
    assert "2 decisions, 1 retrainings" in answer
    assert "2 LLM calls, 1000 tokens, 0.05 USD" in answer


def test_unknown_figures_are_said_to_be_unknown() -> None:
    nothing = {"estimate": None, "p_below_floor": None, "labelled": 3, "status": "too_few", "accuracy_floor": 0.93}
    assert told("accuracy_and_labels", {"status": "ok", "data": nothing}) == ["Accuracy is unknown: 3 labels, too_few."]
    assert told("drift_report", {"status": "no_data", "reason": "No drift score."}) == ["No drift score."]


def test_figures_of_a_gate_are_told_apart_however_small_they_are() -> None:
    move = {"version": 2, "kind": "promote", "at": "2026-11-21T17:09", "from_version": 1, "by_a_person": True}
    rules = [
        {"rule": "served_parity", "outcome": "passed", "observed": 1.4e-15, "required": 1e-9},
        {"rule": "f1_at_least", "outcome": "passed", "observed": 0.96371, "required": 0.9},
        {"rule": "better", "outcome": "not_judged", "observed": None, "required": None},
    ]
    lines = told("why_promoted", {"status": "ok", "data": move | {"gate_rules": rules}})
    assert "Gate, served_parity: passed: 1.4e-15, required 1e-09." in lines
    assert "Gate, f1_at_least: passed: 0.9637, required 0.9000." in lines
    assert "Gate, better: not_judged." in lines


def test_a_follow_up_goes_on_with_the_topic_of_the_turn_before(chat) -> None:
    talk = chat()
    answered(talk, "why was v2 promoted?")
    events, _ = answered(talk, "and v1?")
    assert tools_of(events) == ["why_promoted"]
    answered(talk, "costs")
    assert tools_of(answered(talk, "and now?")[0]) == ["costs"]
    assert tools_of(answered(talk, "and now?", "another")[0]) == []


def test_the_llm_answers_from_tools_and_its_text_is_passed_on(chat) -> None:
    talk = chat(says(("drift_report", {})), says(text="The tfidf_drift is 0.18, above the line of 0.15."))
    events, final = answered(talk, "is there drift?")
    kinds = [event.kind for event in events]
    assert kinds == [EventKind.TOOL_STARTED, EventKind.TOOL_FINISHED, EventKind.TEXT, EventKind.FINAL]
    assert (final["by"], final["note"]) == ("llm", None)
    assert final["answer"].startswith("The tfidf_drift is 0.18")


def test_a_figure_that_no_tool_gave_is_replaced_by_what_the_tools_say(chat) -> None:
    events, final = answered(chat(says(("drift_report", {})), says(text="Drift is 0.77.")), "is there drift?")
    assert final["by"] == "tools"
    assert "0.77" in final["note"]
    assert "0.77" not in final["answer"]
    assert "vocabulary_drift 0.230" in final["answer"]
    assert not any("0.77" in str(event.data) for event in events[:-1])


def test_a_figure_without_any_tool_is_replaced_too(chat) -> None:
    _, final = answered(chat(says(text="The accuracy is 98.5%.")), "what is the accuracy?")
    assert final["by"] == "tools"
    assert "98.5% on 200 labels" in final["answer"]


@pytest.mark.parametrize(
    "script", [[RuntimeError("secret words")], [says(text="")], [says(("no_such_tool", {}))]], ids=str
)
def test_an_llm_that_fails_leaves_the_plain_answer(chat, script) -> None:
    _, final = answered(chat(*script), "costs")
    assert final["by"] == "tools"
    assert "1 retrainings" in final["answer"]
    assert "secret words" not in str(final)


def test_a_spent_budget_leaves_the_plain_answer(chat) -> None:
    _, final = answered(chat(says(text="all is well"), tokens=10), "health")
    assert final["by"] == "tools"
    assert "BudgetSpentError" in final["note"]


def test_the_llm_is_given_what_was_said_before_in_this_conversation_only(chat) -> None:
    talk = chat(says(text="All is well."))
    answered(talk, "first question", "c1")
    answered(talk, "second question", "c1")
    answered(talk, "third question", "c2")
    shown = [[str(message.content) for message in turn] for turn in talk.mind.seen]
    assert "first question" in shown[1]
    assert "All is well." in shown[1]
    assert "first question" not in shown[2]


def test_no_tool_of_a_conversation_changes_anything(chat, store) -> None:
    before = ledger.verify(store.control).entries
    snapshot, read_tools = chat().look()
    found = chat_tools(snapshot, read_tools)
    assert not any(name.startswith(("request_", "raise_")) for name in found)
    for name in ("health", "costs", "drift_report", "decision_history", "schedule_and_budget"):
        assert json.loads(found[name].invoke({}))["status"] == "ok"
    assert ledger.verify(store.control).entries == before


def test_only_the_newest_turns_are_kept(tmp_path: Path) -> None:
    memory = Conversations(tmp_path)
    for number in range(KEPT_TURNS + 3):
        memory.add("a", Turn(question=f"q{number}", answer="line\nbreak"))
    kept = memory.turns("a")
    assert [turn.question for turn in kept] == [f"q{number}" for number in range(3, KEPT_TURNS + 3)]
    assert kept[0].answer == "line\nbreak"


@pytest.mark.parametrize("name", ["../x", "", "a/b", "x" * 41, "a b"])
def test_a_conversation_id_that_could_be_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConversationError):
        Conversations(tmp_path).turns(name)
