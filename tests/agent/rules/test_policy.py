"""The policy against tables of cases: both sides of each line, unknown numbers, rules that compete."""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.actions import TELLING, Action, Autonomy, headline_of
from agent.deliberation.proposal import Proposal
from agent.record.canonical import sha256_of, to_plain
from agent.rules.guardrails import rule
from agent.rules.policy import POLICY_VERSION, RULES, RULES_OF, bounds
from tests.agent.builders import evidence_with, merged, rules_with

FOLDER = Path(__file__).parents[1] / "scenarios"
NEVER = "must_never_promote"
# Changes when the same cases give other bounds: then POLICY_VERSION goes up, and its digest is noted here. New cases
# alone change it too: then the digest is noted under the same version.
KNOWN = {
    "1": "8a3b31a7dc215d9efb29905b67eb06fe7afaff0891bb5987d68ad149a7d5e440",
    "2": "d29a98068afe5e1f7b74a7b6fc4a77ccd4932f0ff7a01cd4d494427b29115e0f",
    "3": "5091564800df3ff0b0c9938de7cc803eb9b38d377387ba20e8a8fad0dbb2f70b",
}
# What earlier policies were known by: the cases of their time.
OF_POLICY_3 = {"looks", "answered", "rollout"}
CAME_LATER = {"1": {"signs", *OF_POLICY_3}, "2": OF_POLICY_3, "3": set()}


def _load(stem: str) -> list[dict[str, Any]]:
    return yaml.safe_load((FOLDER / f"{stem}.yaml").read_text())


def _scenarios(without: AbstractSet[str] = frozenset()) -> list[dict[str, Any]]:
    stems = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return [case for stem in stems if stem not in {NEVER, *without} for case in _load(stem)]


SCENARIOS = _scenarios()


@pytest.mark.parametrize("case", SCENARIOS, ids=lambda case: case["name"])
def test_a_scenario_gives_the_bounds_that_it_states(case: dict[str, Any]) -> None:
    found = bounds(evidence_with(case["evidence"]), rules_with(case.get("rules")))
    fired = {result.rule for result in found.fired}
    if "headline" in case:
        assert headline_of(found.required) == case["headline"]
    for name in ("required", "deferrable", "permitted"):
        if name in case:
            assert sorted(getattr(found, name)) == sorted(case[name]), name
    assert set(case.get("fires", ())) <= fired
    assert not set(case.get("silent", ())) & fired


@pytest.mark.parametrize("case", _load(NEVER), ids=lambda case: case["name"])
@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_what_must_never_be_promoted_is_not_even_when_it_is_asked_for(case: dict[str, Any], autonomy: Autonomy) -> None:
    found = bounds(evidence_with(case["evidence"]), rules_with())
    ruling = rule(found, Proposal(actions=frozenset(Action), reasons=("do it",)), autonomy)
    assert Action.PROMOTE not in found.permitted
    assert Action.PROMOTE not in ruling.effective


def test_every_rule_fires_in_some_scenario() -> None:
    cases = SCENARIOS + _load(NEVER)
    fired = {
        result.rule
        for case in cases
        for result in bounds(evidence_with(case["evidence"]), rules_with(case.get("rules"))).fired
    }
    assert {rule.__name__ for rule in RULES} - fired == set()


def test_every_rule_that_fires_gives_a_sentence_and_a_breach_gives_its_margin() -> None:
    found = bounds(evidence_with({"drift": {"vocabulary_drift": 0.23}}), rules_with())
    assert all(result.sentence.endswith((".", "?")) for result in found.fired)
    breach = next(result for result in found.fired if result.rule == "ask_when_drift_has_no_labels")
    assert "0.23" in breach.sentence
    assert "0.15" in breach.sentence


def test_the_margin_of_drift_is_the_distance_to_the_line() -> None:
    evidence = evidence_with({"drift": {"vocabulary_drift": 0.23}, "training": {"new_labels": 240}})
    found = {result.rule: result.margin for result in bounds(evidence, rules_with()).fired}
    assert found["retrain_when_drift_is_confirmed_and_labels_suffice"] == pytest.approx(0.08)


def test_telling_people_is_always_permitted() -> None:
    for case in SCENARIOS:
        assert bounds(evidence_with(case["evidence"]), rules_with(case.get("rules"))).permitted >= TELLING


@pytest.mark.parametrize("version", sorted(RULES_OF))
def test_the_policy_version_goes_up_when_known_cases_give_other_bounds(version: str) -> None:
    found = [
        to_plain(bounds(evidence_with(case["evidence"]), rules_with(case.get("rules")), version))
        for case in _scenarios(CAME_LATER[version]) + _load(NEVER)
    ]
    kept = [{name: one[name] for name in ("required", "deferrable", "permitted", "triggers")} for one in found]
    assert sha256_of(kept) == KNOWN[version], "bounds changed: raise POLICY_VERSION and note the new digest"


def test_the_present_policy_is_the_newest_one_that_is_known() -> None:
    assert max(RULES_OF, key=int) == POLICY_VERSION
    assert RULES_OF[POLICY_VERSION] is RULES


def test_what_the_answers_say_changes_nothing_unless_it_wakes_drift_that_rests() -> None:
    signs = {"drift": {"score_shift": 0.9, "spam_part_novelty": 0.9, "causes": ["class_mix"]}}
    suspicion = {"accuracy": {"upper_estimate": 0.5, "suspicious": True}}
    for case in _scenarios({"answered"}):
        rules = rules_with(case.get("rules"))
        plain = bounds(evidence_with(case["evidence"]), rules)
        loud = bounds(evidence_with(merged(merged(case["evidence"], signs), suspicion)), rules)
        for name in ("required", "deferrable", "permitted", "triggers"):
            assert getattr(loud, name) == getattr(plain, name), (case["name"], name)
