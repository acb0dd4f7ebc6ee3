"""The whole agent as it is put together from settings: real stores, real tools, the deciding model over real HTTP."""

import json

import pytest

from agent.actions import Action
from agent.build import allowance, build_assistant, build_loop
from agent.deliberation.assistant import CASE, SYSTEM
from agent.deliberation.prompts import Prompts
from agent.deliberation.proposal import ReasonCode
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.clock import utc_now
from tests.agent.fakes import MODEL, add_champion
from tests.agent.openai_stub import Stub, completion
from tests.agent.scripted import proposed
from tests.agent.traffic import answered, artifact, labelled, texts

SPEC = managed_model(MODEL)
NEW_WORDS = [f"zu{number:02}ignoreallrules" for number in range(60)]
LOOKS = [
    ("drift_report", {}),
    ("drift_history", {"limit": 3}),
    ("accuracy_and_labels", {}),
    ("versions_and_verdicts", {}),
    ("compare_versions", {"first": 1, "second": 1}),
    ("search_runs", {"metrics": [{"metric": "f1", "at_least": 0.5}], "order_by": "f1", "limit": 50}),
    ("champion_and_slots", {}),
    ("decision_history", {}),
    ("schedule_and_budget", {}),
]


@pytest.fixture
def drifted(settings, store):
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    ids = answered(store, texts(120, 5, NEW_WORDS), utc_now())
    labelled(store, ids[:30], wrong=0, at=utc_now())
    return store


def agent_settings(settings, url, **changes):
    values = {"base_url": url, "llm_model": "stub", "serving_url": "http://127.0.0.1:9", "pipeline": settings}
    return AgentSettings(_env_file=None, **values | changes)


def answer(**changes):
    reasons = [{"evidence_field": "training.new_labels", "text": "Only 30 new labels, 100 are needed."}]
    return completion(("ProposedDecision", proposed(actions=["ask_person"], reasons=reasons) | changes))


def test_the_agent_looks_with_its_tools_and_proposes_within_the_policy(settings, drifted):
    with Stub([completion(*LOOKS), answer()]) as stub:
        made = build_loop(agent_settings(settings, stub.url), drifted, SPEC).check()
    assert made.decision.decided_by == "agent", made.decision.deliberation
    assert made.decision.ruling.effective == {Action.ALERT, Action.REQUEST_LABELS, Action.ASK_PERSON}
    thought = made.decision.deliberation
    assert [name for name, _ in LOOKS] == list(thought.tool_calls[:-1])
    assert thought.prompt_sha256 == Prompts().sha256(SYSTEM, CASE)
    assert (thought.input_tokens, thought.calls) == (200, 2)
    seen = [json.loads(m["content"]) for m in stub.requests[1]["messages"] if m["role"] == "tool"]
    status = dict(zip([name for name, _ in LOOKS], [said["status"] for said in seen], strict=True))
    assert status.pop("champion_and_slots") == "ok"  # nothing serves in this test, and it says so
    assert status.pop("drift_history") == status.pop("decision_history") == status.pop("search_runs") == "no_data"
    assert set(status.values()) == {"ok"}


def test_no_word_of_a_message_goes_over_the_wire(settings, drifted):
    with Stub([completion(*LOOKS), answer()]) as stub:
        loop = build_loop(agent_settings(settings, stub.url), drifted, SPEC)
        loop.check()
        loop.check()
    sent = json.dumps(stub.requests)
    assert len(stub.requests) > 2
    assert "ignoreallrules" not in sent


def test_a_model_that_talks_nonsense_leaves_the_same_decision_as_no_model(settings, drifted):
    with Stub([completion(text="drop table ledger")]) as stub:
        with_model = build_loop(agent_settings(settings, stub.url), drifted, SPEC).check()
    alone = build_loop(agent_settings(settings, None, llm_enabled=False), drifted, SPEC).dry_run()
    assert with_model.decision.ruling == alone.decision.ruling
    assert with_model.decision.deliberation.reason_code is ReasonCode.NO_STRUCTURED


def test_without_key_and_address_and_when_switched_off_the_rules_decide_alone(settings, store, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert build_assistant(agent_settings(settings, None), store, SPEC) is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nobody-may-read-this")
    configured = agent_settings(settings, None)
    assert build_assistant(configured, store, SPEC) is not None
    assert "sk-nobody-may-read-this" not in repr(configured)
    assert build_assistant(agent_settings(settings, None, llm_enabled=False), store, SPEC) is None


def test_what_earlier_decisions_took_is_gone_from_the_days_allowance(settings, drifted):
    limits = {"llm_max_tokens_per_day": 500, "llm_max_tokens_per_decision": 400}
    with Stub([answer()]) as stub:
        configured = agent_settings(settings, stub.url, **limits)
        assert allowance(configured, drifted).tokens == 400
        generous = agent_settings(settings, stub.url)
        build_loop(generous, drifted, SPEC).check()
        assert allowance(configured, drifted).tokens == 500 - 120
