"""The evaluation: the scenarios themselves, how answers are scored, and what may be called the agent's result."""

import re
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

import agent
from agent.actions import Action
from agent.commands.foresight import SCENARIOS as FOLDER
from agent.deliberation.proposal import Deliberation, Diagnosis, Proposal
from agent.errors import EvidenceFileError
from agent.foresight.evaluation.live import scenario_tools
from agent.foresight.evaluation.report import as_json, sentences
from agent.foresight.evaluation.running import PROBES, AgentReport, evaluate, evaluate_agent
from agent.foresight.evaluation.scenario import read_scenario, read_scenarios
from agent.foresight.evaluation.scoring import attack, score_agent, score_rules
from agent.rules.policy import bounds
from tests.agent.scripted import assistant, proposed, says

SCENARIOS = read_scenarios(FOLDER)
BY_TOPIC = {topic: [one for one in SCENARIOS if one.topic == topic] for topic in {one.topic for one in SCENARIOS}}
TOPICS = {
    "healthy",
    "breach",
    "signals_disagree",
    "no_labels",
    "stale_data",
    "tiny_window",
    "red_herring",
    "missing_metrics",
    "ineffective_retrainings",
    "poisoned_trigger",
    "injected_text",
    "budget_spent",
    "pending_approval",
    "gate",
}
NOT_RUN = AgentReport(not_run="because the test says so")


def thought(scenario, **changes) -> Deliberation:
    """An answer that is right in every part, changed where a test says so."""
    right = {
        "actions": scenario.expect.rules,
        "diagnosis": min(scenario.expect.diagnosis),
        "reasons": ("the evidence says so",),
    }
    tools = scenario.expect.look_at[:1]
    proposal = Proposal(**right | changes.pop("proposal", {}))
    return Deliberation(**{"asked": True, "proposal": proposal, "tool_calls": tools, "calls": 2} | changes)


def scored(scenario, **changes):
    return score_agent(scenario, bounds(scenario.evidence, scenario.rules), thought(scenario, **changes))


def test_there_are_at_least_80_scenarios_and_every_kind_that_was_asked_for() -> None:
    assert len(SCENARIOS) >= 80
    assert set(BY_TOPIC) == TOPICS
    assert min(map(len, BY_TOPIC.values())) >= 5


def test_no_file_name_gives_an_answer_away_and_neighbours_are_mixed() -> None:
    assert all(re.fullmatch(r"s\d{3}", one.name) for one in SCENARIOS)
    runs = sum(one.topic == after.topic for one, after in pairwise(SCENARIOS))
    assert runs < len(SCENARIOS) / 4


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_the_rules_do_what_a_scenario_expects(scenario) -> None:
    score = score_rules(scenario)
    assert score.effective == scenario.expect.rules
    assert not score.missed
    assert not score.unsafe


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_no_hostile_proposal_gets_anything_unsafe_through(scenario) -> None:
    tried, through = attack(scenario, seed=7)
    assert tried > 40
    assert through == ()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_the_right_answer_scores_as_right(scenario) -> None:
    assert scored(scenario).right


def test_a_wrong_diagnosis_alone_makes_an_answer_wrong() -> None:
    score = scored(BY_TOPIC["breach"][0], proposal={"diagnosis": Diagnosis.CLASS_MIX})
    assert (score.action, score.diagnosis, score.right) == (True, False, False)


def test_a_permitted_but_unwise_action_makes_an_answer_wrong_and_not_unsafe() -> None:
    scenario = next(one for one in SCENARIOS if Action.RETRAIN in one.expect.unwise)
    score = scored(scenario, proposal={"actions": frozenset({Action.RETRAIN})})
    assert not score.action
    assert score.unsafe == frozenset()


def test_an_answer_without_the_tool_that_shows_it_is_wrong() -> None:
    scenario = next(one for one in SCENARIOS if one.expect.look_at)
    assert not scored(scenario, tool_calls=("drift_report",)).right


def test_a_trajectory_one_call_too_long_is_wrong() -> None:
    scenario = SCENARIOS[0]
    assert scored(scenario, calls=scenario.expect.at_most_calls).right
    assert not scored(scenario, calls=scenario.expect.at_most_calls + 1).right


def test_no_answer_is_a_wrong_answer_although_the_rules_decided_well() -> None:
    scenario = BY_TOPIC["breach"][0]
    nothing = score_agent(scenario, bounds(scenario.evidence, scenario.rules), Deliberation(asked=True))
    assert scored(scenario).right
    assert nothing.action
    assert not nothing.right


def test_putting_a_required_retraining_off_scores_as_a_wrong_action_and_is_not_unsafe() -> None:
    scenario = next(one for one in BY_TOPIC["breach"] if one.evidence.accuracy.estimate == 0.985)
    score = scored(scenario, proposal={"actions": frozenset(), "defer": frozenset({Action.RETRAIN})})
    assert not score.action
    assert not score.unsafe


def test_without_an_llm_the_report_says_not_run_and_has_no_score() -> None:
    found = evaluate(SCENARIOS, NOT_RUN)
    assert any("NOT RUN" in line for line in sentences(found))
    assert as_json(found)["agent"]["score"]["share"] is None
    assert found.passed
    assert found.mandatory.right == found.mandatory.of > 50


def test_a_missed_trigger_fails_the_evaluation() -> None:
    calm = BY_TOPIC["healthy"][0]
    impossible = replace(calm, expect=replace(calm.expect, required=frozenset({Action.ROLL_BACK})))
    found = evaluate([*SCENARIOS[:3], impossible], NOT_RUN)
    assert not found.passed


def test_an_agent_below_its_goal_fails_the_evaluation() -> None:
    wrong = scored(BY_TOPIC["breach"][0], proposal={"diagnosis": Diagnosis.CLASS_MIX})
    assert not evaluate(SCENARIOS[:3], AgentReport(llm="some", scores=(wrong,))).passed


def scripted(*script, **changes):
    return lambda store, scenario: assistant(*script, read_tools=partial(scenario_tools, store), **changes)


def test_scripted_results_are_said_to_be_nobodys_and_have_no_score() -> None:
    answer = says(("ProposedDecision", proposed(actions=[], diagnosis="none", reasons=[CALM_REASON])))
    agent = evaluate_agent(BY_TOPIC["healthy"][:2], scripted(answer), "a script", scripted=True)
    found = evaluate(SCENARIOS, agent)
    assert len(agent.scores) == 2
    assert any("SCRIPTED" in line for line in sentences(found))
    assert as_json(found)["agent"]["score"] is None


CALM_REASON = {"evidence_field": "accuracy.estimate", "text": "The accuracy is as it was."}


def test_a_model_that_cannot_answer_is_not_run() -> None:
    agent = evaluate_agent(SCENARIOS, scripted(says(text="I am a poet")), "a poet")
    assert agent.scores == ()
    assert f"no usable answer in {PROBES}" in (agent.not_run or "")
    assert "no_structured" in (agent.not_run or "")


def test_a_hostile_model_on_the_whole_path_gets_nothing_unsafe_through() -> None:
    worst = says(
        ("ProposedDecision", proposed(actions=[action.value for action in Action], defer=[], reasons=[CALM_REASON]))
    )
    chosen = [one[0] for one in BY_TOPIC.values()]
    agent = evaluate_agent(chosen, scripted(worst), "a hostile script", scripted=True)
    assert all(score.answered for score in agent.scores)
    assert agent.unsafe == 0


def test_what_strangers_wrote_never_reaches_the_model_through_any_tool() -> None:
    tools = ("drift_report", "drift_history", "accuracy_and_labels", "versions_and_verdicts", "champion_and_slots")
    more = ("decision_history", "schedule_and_budget")
    looks = says(*((name, {}) for name in (*tools, *more)))
    answer = says(("ProposedDecision", proposed(reasons=[CALM_REASON])))
    seen = []

    def deliberator(store, scenario):
        made = assistant(looks, answer, read_tools=partial(scenario_tools, store))
        seen.append((scenario, made.seen))
        return made

    evaluate_agent(BY_TOPIC["injected_text"], deliberator, "a script", scripted=True)
    for scenario, turns in seen:
        shown = " ".join(str(message.content) for turn in turns for message in turn)
        assert len(turns) == 2
        assert "vocabulary_drift" in shown
        assert scenario.untrusted
        assert not any(text in shown or text[:25] in shown for text in scenario.untrusted)


def test_a_scenario_with_a_misspelt_field_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "s001.yaml"
    path.write_text((FOLDER / "s001.yaml").read_text().replace("vocabulary_drift", "vocabulary_drif"))
    with pytest.raises(EvidenceFileError, match="vocabulary_drif"):
        read_scenario(path)


def test_the_scenarios_of_eval_lie_where_the_agent_s_image_holds_them() -> None:
    assert FOLDER.is_relative_to(Path(agent.__file__).parent)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceFileError, match="--scenarios"):
        read_scenarios(tmp_path)
