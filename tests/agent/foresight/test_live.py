"""The configured LLM on its real HTTP path, against a stub: in the evaluation, in a replay under another prompt."""

from functools import partial
from pathlib import Path

from agent.commands.foresight import SCENARIOS as FOLDER
from agent.commands.replay import _deliberating
from agent.deliberation.proposal import Diagnosis
from agent.foresight.evaluation.live import live_deliberator
from agent.foresight.evaluation.running import evaluate_agent
from agent.foresight.evaluation.scenario import read_scenarios
from agent.rules.policy import bounds
from agent.settings import AgentSettings
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged, rules_with
from tests.agent.openai_stub import Stub, completion
from tests.agent.scripted import proposed

SCENARIOS = read_scenarios(FOLDER)
CITED = {"evidence_field": "drift.messages", "text": "The window holds messages."}


def settings_for(stub: Stub) -> AgentSettings:
    return AgentSettings(_env_file=None, base_url=stub.url, llm_max_retries=0, llm_model="stubbed")


def test_the_configured_llm_is_scored_over_http_with_its_cost() -> None:
    healthy = [one for one in SCENARIOS if one.topic == "healthy"][:1]
    looks = completion(("drift_history", {}))
    answer = completion(("ProposedDecision", proposed(actions=[], diagnosis="none", reasons=[CITED])))
    with Stub([looks, answer]) as stub:
        found = evaluate_agent(healthy, partial(live_deliberator, settings_for(stub)), "stubbed")
    (score,) = found.scores
    assert (score.answered, score.right, score.calls) == (True, True, 2)
    assert found.cost_usd > 0
    assert found.not_run is None


def test_a_replay_under_another_prompt_sends_that_prompt(tmp_path: Path) -> None:
    prompt = tmp_path / "mine.md"
    prompt.write_text("Always look twice at {{ title }}.")
    evidence, rules = evidence_with(merged(DRIFTED, LABELLED)), rules_with()
    answer = completion(("ProposedDecision", proposed(actions=[], reasons=[CITED], diagnosis="new_campaign")))
    with Stub([answer]) as stub, _deliberating(settings_for(stub), prompt) as ask:
        proposal, usd = ask(evidence, bounds(evidence, rules), rules)
        calm = evidence_with()
        assert ask(calm, bounds(calm, rules), rules) == (None, 0.0)
        assert len(stub.requests) == 1
    assert proposal.diagnosis is Diagnosis.NEW_CAMPAIGN
    assert usd > 0
    assert "Always look twice at SMS spam." in str(stub.requests[0]["messages"][0])
