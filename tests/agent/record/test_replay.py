"""Recorded decisions made again: from the ledger alone, without the LLM, with the numbers they were made under."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from agent.actions import Action, Autonomy
from agent.deliberation.proposal import Deliberation, Proposal
from agent.errors import LedgerError
from agent.loop import decision_from
from agent.record import ledger
from agent.record.canonical import canonical_json, sha256_of
from agent.record.codec import decision_of
from agent.record.ledger import Entry, EntryKind
from agent.record.replay import replay, replay_decision
from agent.rules.policy import bounds
from pipeline.catalog import managed_model
from tests.agent.builders import evidence_with, rules_with
from tests.agent.fakes import MODEL, NOON, FixedAssistant
from tests.agent.rules.test_guardrails import autonomies, evidences, rule_sets
from tests.agent.world import loop_in


def entry_of(text):
    fields = {"seq": 1, "entry_id": "e", "decision_id": "d", "model": MODEL, "kind": "decision", "at": NOON}
    return Entry(**fields, idempotency_key=None, text=text, previous_hash="", hash="")


def recorded(home, store, **changes):
    return loop_in(home, store, **changes).check().decision


def test_a_decision_reads_back_as_it_was_made(home, store):
    made = recorded(home, store)
    assert decision_of(ledger.entries_of(store.control, made.decision_id)[0]) == made


def test_a_decision_of_the_rules_replays_to_the_same(home, store):
    again = replay(store.control, recorded(home, store).decision_id)
    assert (again.same, again.replayed) == (True, {Action.ALERT, Action.RETRAIN})


@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_a_decision_of_the_agent_replays_without_it(home, store, autonomy):
    proposal = Proposal(actions=frozenset(Action), defer=frozenset({Action.RETRAIN}), reasons=("wait",))
    agent = FixedAssistant(Deliberation(asked=True, proposal=proposal))
    made = recorded(home, store, assistant=agent, autonomy=autonomy)
    again = replay(store.control, made.decision_id)
    assert (again.same, again.recorded) == (True, made.ruling.effective)


def test_numbers_that_an_operator_has_changed_since_do_not_change_the_past(home, store):
    spec = managed_model(MODEL)
    strict = replace(spec, monitoring=replace(spec.monitoring, drift_threshold=0.5))
    made = recorded(home, store, spec=strict)
    assert made.ruling.effective == frozenset()
    assert replay(store.control, made.decision_id).same


def test_a_decision_that_does_not_follow_from_its_record_is_named():
    evidence, rules = evidence_with(), rules_with()
    made = decision_from(evidence, rules, bounds(evidence, rules), Deliberation(), Autonomy.ACT, NOON)
    forged = replace(made, ruling=replace(made.ruling, effective=frozenset({Action.PROMOTE})))
    assert replay_decision(forged).differences == ("ruling",)
    other = replace(made, evidence=evidence_with({"drift": {"vocabulary_drift": 0.9}}))
    assert "evidence hash" in replay_decision(other).differences


def test_a_decision_under_a_policy_that_is_not_held_here_says_so():
    evidence, rules = evidence_with(), rules_with()
    made = decision_from(evidence, rules, bounds(evidence, rules), Deliberation(), Autonomy.ACT, NOON)
    with pytest.raises(LedgerError, match="policy 99"):
        replay_decision(replace(made, policy_version="99"))


def test_an_entry_that_holds_no_decision_says_so(store):
    entry = ledger.append(
        store.control, decision_id="d", model=MODEL, kind=EntryKind.DECISION, at=NOON, body={"model": MODEL}
    )
    with pytest.raises(LedgerError, match="python -m agent verify"):
        decision_of(entry)


def test_a_decision_that_an_earlier_release_recorded_decodes_and_replays_under_its_policy():
    text = (Path(__file__).parents[1] / "recorded" / "decision_of_policy_1.json").read_text().strip()
    made = decision_of(entry_of(text))
    assert (made.policy_version, made.evidence.drift.score_shift) == ("1", None)
    assert canonical_json(made) == text, "what came later must not change how an old row reads"
    assert replay_decision(made).differences == ()


def test_what_came_later_counts_in_the_hash_once_it_is_known():
    plain = evidence_with()
    shifted = evidence_with({"drift": {"score_shift": 0.3}})
    assert sha256_of(plain) != sha256_of(shifted)
    assert "score_shift" not in canonical_json(plain)


@settings(max_examples=1_000 if os.environ.get("CI") == "true" else 100, deadline=None, derandomize=True)
@given(evidences, rule_sets, autonomies)
def test_every_decision_survives_the_ledger_and_replays(evidence, rules, autonomy):
    try:
        made = decision_from(evidence, rules, bounds(evidence, rules), Deliberation(), autonomy, NOON)
        text = canonical_json(made)
    except ValueError:
        return  # a NaN in the evidence: refused at the door and at the ledger
    entry = entry_of(text)
    assert decision_of(entry) == made
    assert replay_decision(decision_of(entry)).same
