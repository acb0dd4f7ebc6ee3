"""The deciding model over real HTTP: an OpenAI-compatible server of our own that answers well, badly, late or not."""

import json
from dataclasses import replace

import pytest

from agent.actions import Action
from agent.deliberation.assistant import Assistant, chat_model
from agent.deliberation.budget import Allowance, Price
from agent.deliberation.proposal import ReasonCode
from agent.rules.policy import bounds
from agent.settings import AgentSettings
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged, rules_with
from tests.agent.openai_stub import Reply, Stub, completion, plain
from tests.agent.scripted import proposed

EVIDENCE, RULES = evidence_with(merged(DRIFTED, LABELLED)), rules_with()
LIMITS = bounds(EVIDENCE, RULES)
ANSWER = completion(("ProposedDecision", proposed()))
GARBAGE = ReasonCode.LLM_GARBAGE
# A service that streams although it was not asked to.
EVENTS = b'data: {"choices": [{"index": 0, "delta": {"content": "The drift"}}]}\n\ndata: [DONE]\n\n'


def over(stub, **changes):
    values = {"llm_model": "stub", "base_url": stub.url, "llm_max_retries": 0, "llm_call_timeout_seconds": 2.0}
    settings = AgentSettings(_env_file=None, **values | changes)
    return Assistant(
        open_model=lambda: chat_model(settings),
        llm_name=settings.llm_model,
        title="SMS spam",
        read_tools=lambda evidence, rules: [],
        allowance=lambda: Allowance(calls=100, tokens=100_000, usd=1.0),
        price=Price(usd_per_million_input=1.0, usd_per_million_output=10.0),
        max_calls=4,
        wall_clock_seconds=settings.llm_wall_clock_seconds,
    )


def ask(*replies, **changes):
    with Stub(replies) as stub:
        return over(stub, **changes).deliberate(EVIDENCE, LIMITS, RULES), stub.requests


def test_tools_and_the_structured_answer_go_over_the_wire():
    thought, requests = ask(completion(("raise_alert", {"reason": "drift"})), ANSWER)
    assert thought.proposal.actions == {Action.RETRAIN, Action.ALERT}
    assert (thought.input_tokens, thought.output_tokens) == (200, 40)
    assert thought.cost_usd == pytest.approx(0.0006)
    assert thought.tool_calls == ("raise_alert", "ProposedDecision")
    offered = {tool["function"]["name"] for tool in requests[0]["tools"]}
    assert {"request_promotion", "ProposedDecision"} <= offered


def test_an_answer_that_was_cut_at_its_limit_was_paid_for():
    with Stub([completion(text='{"diagnosis": ', finish="length")]) as stub:
        thought = replace(over(stub), json_schema=True).deliberate(EVIDENCE, LIMITS, RULES)
    assert (thought.reason_code, thought.proposal) == (ReasonCode.TRUNCATED, None)
    assert (thought.input_tokens, thought.output_tokens) == (100, 20)


def test_one_assistant_can_be_asked_again_and_again():
    with Stub([ANSWER]) as stub:
        made = over(stub)
        thoughts = [made.deliberate(EVIDENCE, LIMITS, RULES) for _ in range(3)]
    assert [thought.reason_code for thought in thoughts] == [None, None, None]


def test_parallel_duplicates_are_one_request():
    thought, _ = ask(completion(("request_retraining", {}), ("request_retraining", {})), ANSWER)
    assert thought.proposal.actions == {Action.RETRAIN}


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        ([completion(("ProposedDecision", '{"diagnosis": "none", '))], ReasonCode.LLM_GARBAGE),
        ([completion(("ProposedDecision", "[1, 2]"))], ReasonCode.LLM_GARBAGE),
        ([completion(text="")], ReasonCode.LLM_GARBAGE),
        ([completion()], ReasonCode.LLM_GARBAGE),
        ([completion(text="Retrain it, I would say.")], ReasonCode.NO_STRUCTURED),
        ([completion(("ProposedDecision", proposed()), finish="length")], ReasonCode.TRUNCATED),
        ([completion(text="The drift is", finish="length")], ReasonCode.TRUNCATED),
        ([Reply(body=ANSWER.body, cut=80)], ReasonCode.LLM_UNAVAILABLE),
        ([Reply(body=ANSWER.body, cut=80, chunked=True)], ReasonCode.LLM_UNAVAILABLE),
        ([Reply(body=EVENTS, content_type="text/event-stream")], ReasonCode.LLM_GARBAGE),
        ([Reply(body=EVENTS, cut=60, chunked=True, content_type="text/event-stream")], ReasonCode.LLM_UNAVAILABLE),
        ([Reply(body=b"")], ReasonCode.LLM_GARBAGE),
        ([Reply(body=b"<html>Sign in</html>", content_type="text/html")], ReasonCode.LLM_GARBAGE),
        ([Reply(body=b"<html>Sign in</html>")], ReasonCode.LLM_GARBAGE),
        ([plain({"choices": []})], ReasonCode.LLM_GARBAGE),
        ([plain({"choices": None, "error": {"message": "busy"}})], ReasonCode.LLM_GARBAGE),
        ([plain({"choices": [{"message": {"role": "assistant", "content": 5}}]})], ReasonCode.LLM_GARBAGE),
        ([plain("just a string")], ReasonCode.LLM_GARBAGE),
        ([plain({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": []}}]})], GARBAGE),
        ([plain({"choices": [{"finish_reason": 7, "message": {"role": "assistant", "content": "x"}}]})], GARBAGE),
        ([plain({"choices": {"message": "x"}})], GARBAGE),
        ([completion(("ProposedDecision", proposed(actions="retrain")))], ReasonCode.BUDGET),
        ([completion(("ProposedDecision", proposed(confidence="high")))], ReasonCode.BUDGET),
        ([completion(("request_retraining", {"candidates": 7}))], ReasonCode.BUDGET),
        ([completion(("request_retraining", {"window": "yesterday", "force": True}))], ReasonCode.BUDGET),
        ([plain({"error": "x"}, 429, retry_after="0")], ReasonCode.LLM_UNAVAILABLE),
        ([plain({"error": "x"}, 500)], ReasonCode.LLM_UNAVAILABLE),
        ([plain({"error": "x"}, 401)], ReasonCode.LLM_UNAVAILABLE),
        ([plain({"error": "context length exceeded"}, 400)], ReasonCode.LLM_UNAVAILABLE),
    ],
)
def test_a_bad_answer_leaves_the_decision_to_the_rules(replies, code):
    thought, _ = ask(*replies)
    assert (thought.proposal, thought.reason_code) == (None, code), thought.detail


def test_a_service_that_asks_to_wait_is_asked_again():
    thought, requests = ask(plain({"error": "x"}, 429, retry_after="0"), ANSWER, llm_max_retries=1)
    assert thought.proposal is not None
    assert len(requests) == 2


def test_a_tool_call_of_wrong_types_may_be_made_again_and_asks_for_nothing_until_it_fits():
    wrong = completion(("request_retraining", {"candidates": 7}), ("raise_alert", {"loud": True}))
    thought, requests = ask(wrong, completion(("ProposedDecision", proposed(actions=["hold"]))))
    assert thought.proposal.actions == {Action.HOLD}
    assert "not permitted" in str(requests[1]["messages"][-1])


def test_an_answer_can_be_held_to_a_json_schema_by_the_service():
    said = completion(text=json.dumps(proposed()))
    with Stub([said]) as stub:
        thought = replace(over(stub), json_schema=True).deliberate(EVIDENCE, LIMITS, RULES)
    assert thought.proposal.actions == {Action.RETRAIN}
    assert stub.requests[0]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("text", ["", "{}", '{"diagnosis": "none"', "[1]", "I would retrain."])
def test_an_answer_that_breaks_its_json_schema_leaves_the_decision_to_the_rules(text):
    with Stub([completion(text=text)]) as stub:
        thought = replace(over(stub), json_schema=True).deliberate(EVIDENCE, LIMITS, RULES)
    assert (thought.proposal, thought.reason_code) == (None, ReasonCode.LLM_GARBAGE)
    assert (thought.input_tokens, thought.output_tokens) == (100, 20)


def test_a_service_that_is_too_slow_is_not_waited_for():
    thought, _ = ask(Reply(body=b"", slow=True), llm_call_timeout_seconds=0.2)
    assert thought.reason_code is ReasonCode.LLM_TIMEOUT
    assert thought.seconds < 5


def test_the_whole_deliberation_has_a_limit_of_its_own():
    thought, _ = ask(Reply(body=b"", slow=True), llm_call_timeout_seconds=20, llm_wall_clock_seconds=0.3)
    assert thought.reason_code is ReasonCode.LLM_TIMEOUT
    assert thought.seconds < 5


def test_a_service_that_is_not_there_leaves_the_decision_to_the_rules():
    with Stub([ANSWER]) as stub:
        gone = over(stub)
    assert gone.deliberate(EVIDENCE, LIMITS, RULES).reason_code is ReasonCode.LLM_UNAVAILABLE
