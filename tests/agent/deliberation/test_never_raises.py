"""Whatever fails around the deciding model, the rules decide, and the record says why."""

import pytest
from sqlalchemy.exc import OperationalError

from agent.actions import Action
from agent.decision import PolicyRules
from agent.deliberation.prompts import Prompts
from agent.deliberation.proposal import ReasonCode
from agent.rules.policy import bounds
from tests.agent.builders import evidence_with
from tests.agent.scripted import assistant, proposed, says
from tests.agent.world import BREACH, loop_in

RULES = PolicyRules()


def asked(**changes):
    evidence = evidence_with(BREACH)
    made = assistant(says(("ProposedDecision", proposed())), **changes)
    return made.deliberate(evidence, bounds(evidence, RULES), RULES)


def away():
    raise OperationalError("select", {}, Exception("the server closed the connection"))


def broken_versions(folder):
    for name in ("decide_system.md.j2", "decide_case.md.j2", "versions.json"):
        (folder / name).write_text("{", encoding="utf-8")
    return Prompts(folder)


def test_prompts_that_are_not_there_let_the_rules_decide(tmp_path):
    thought = asked(prompts=Prompts(tmp_path / "nowhere"))
    assert (thought.asked, thought.proposal, thought.prompt_sha256) == (True, None, None)
    assert (thought.reason_code, thought.detail) == (ReasonCode.LLM_UNAVAILABLE, "FileNotFoundError")


def test_a_list_of_versions_that_is_no_json_lets_the_rules_decide(tmp_path):
    thought = asked(prompts=broken_versions(tmp_path))
    assert (thought.proposal, thought.detail) == (None, "JSONDecodeError")


@pytest.mark.parametrize("what", ["advice_only", "allowance"])
def test_a_record_that_cannot_be_read_lets_the_rules_decide(what):
    thought = asked(**{what: away})
    assert (thought.proposal, thought.advice) == (None, None)
    assert (thought.reason_code, thought.detail) == (ReasonCode.LLM_UNAVAILABLE, "OperationalError")


def test_what_the_answer_took_is_recorded_also_when_something_fails_behind_it():
    thought = asked(advice_only=away)
    assert (thought.calls, thought.tool_calls) == (1, ("ProposedDecision",))
    assert thought.prompt_sha256 is not None


def test_a_pass_goes_on_by_the_rules_when_the_prompts_are_not_there(home, store, tmp_path):
    loop = loop_in(home, store, assistant=assistant(says(), prompts=Prompts(tmp_path / "nowhere")))
    made = loop.check().decision
    assert (made.decided_by, made.deliberation.detail) == ("rules", "FileNotFoundError")
    assert Action.RETRAIN in made.ruling.effective
