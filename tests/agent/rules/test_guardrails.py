"""The invariants as properties: whatever the evidence and whatever a hostile model answers, the bounds hold."""

import os
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.actions import CONSEQUENTIAL, TELLING, Action, Autonomy
from agent.decision import PolicyRules
from agent.deliberation.proposal import Diagnosis, Proposal
from agent.evidence import (
    AccuracyEvidence,
    ChallengerEvidence,
    ChampionEvidence,
    DataStatus,
    DriftEvidence,
    Evidence,
    HistoryEvidence,
    RolloutEvidence,
    TrainingEvidence,
    WindowScores,
)
from agent.rules.guardrails import rule
from agent.rules.policy import bounds
from pipeline.gate.rules import VerdictStatus
from pipeline.records import PromotionKind
from pipeline.releases.rollout import Strategy
from pipeline.spec import MonitoringRules, RetrainingRules
from tests.agent.builders import evidence_with, rules_with


def examples(number: int) -> settings:
    quiet = [HealthCheck.too_slow]
    return settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=quiet)


IN_CI = os.environ.get("CI") == "true"
MANY = examples(2_500 if IN_CI else 500)
SOME = examples(500 if IN_CI else 200)


# One draw for each field keeps thousands of examples quick; what matters lies at the lines and beyond all sense.
ODD = [None, float("nan"), float("inf"), -1e6, -0.1, 0.0, 0.1, 0.15, 0.1500001, 0.5, 0.93, 0.974, 0.975, 1.0, 1e6]
odd = st.sampled_from(ODD)
hours = st.sampled_from([None, -5.0, 0.0, 1.0, 5.99, 6.0, 23.9, 24.0, 24.01, 47.0, 167.9, 168.0, 1_000.0])
small = st.integers(0, 6)
version = st.sampled_from([None, 1, 2, 3, 4])
status = st.sampled_from(DataStatus)

scores = st.builds(WindowScores, vocabulary_drift=odd, tfidf_drift=odd, numeric_drift=odd, spam_part_novelty=odd)
drift = st.builds(
    DriftEvidence,
    status=status,
    vocabulary_drift=odd,
    tfidf_drift=odd,
    unique_messages=st.sampled_from([0, 29, 30, 500]),
    scheduled_windows=small,
    scheduled_breaches=small,
    spam_part_novelty=odd,
    earlier_windows=st.none() | st.lists(scores, max_size=2).map(tuple),
)
accuracy = st.builds(AccuracyEvidence, status=status, estimate=odd, p_below_floor=odd)
champion = st.builds(
    ChampionEvidence,
    version=version,
    arrived_by=st.sampled_from([None, *PromotionKind]),
    previous_version=version,
    previous_p_below_floor=odd,
)
challenger = st.none() | st.builds(
    ChallengerEvidence,
    version=st.integers(1, 4),
    verdict_id=st.sampled_from([None, "v"]),
    verdict=st.sampled_from([None, *VerdictStatus]),
    verdict_age_hours=hours,
    judged_against=version,
    refused_by_person=st.booleans(),
    served_before=st.booleans(),
    taken_back=st.sampled_from([None, True]),
)
rollout = st.none() | st.builds(
    RolloutEvidence,
    version=st.integers(1, 4),
    strategy=st.sampled_from(Strategy),
    stage=small,
    stages=small,
    hours_since_begun=st.floats(0, 100),
)
training = st.builds(
    TrainingEvidence,
    hours_since_training=hours,
    new_labels=st.sampled_from([None, 0, 99, 100, 500]),
    hours_since_attempt=hours,
    attempts_last_day=small,
    fruitless_in_a_row=small,
    hours_since_refusal=hours,
)
history = st.builds(
    HistoryEvidence,
    unresolved_breach_hours=hours,
    deferrals_in_a_row=small,
    waiting_for_approval=st.lists(st.sampled_from(Action), max_size=2).map(tuple),
    answered_drift=st.none() | scores,
)
evidences = st.builds(
    Evidence,
    model=st.just("sms_spam"),
    champion=champion,
    drift=drift,
    accuracy=accuracy,
    training=training,
    challenger=challenger,
    history=history,
    rollout=rollout,
)
rule_sets = st.builds(
    PolicyRules,
    monitoring=st.builds(MonitoringRules, confirm_windows=st.sampled_from([1, 2, 3])),
    retraining=st.builds(RetrainingRules, min_new_labels=st.sampled_from([1, 100])),
)
# Values that are no Action at all stand for whatever gets past the parser some day.
anything = st.frozensets(st.sampled_from([*Action, "delete_everything", "", 7, None]))
hostile = st.builds(
    Proposal,
    actions=anything,
    defer=anything,
    diagnosis=st.sampled_from(Diagnosis),
    reasons=st.lists(st.text(), max_size=3).map(tuple),
    confidence=odd,
)
proposals = st.none() | hostile | st.just(Proposal(actions=frozenset(Action), defer=frozenset(Action), reasons=("x",)))
autonomies = st.sampled_from(Autonomy)


@MANY
@given(evidences, rule_sets, proposals, autonomies)
def test_whatever_the_evidence_and_the_proposal_the_invariants_hold(evidence, rules, proposal, autonomy):
    limits = bounds(evidence, rules)
    ruling = rule(limits, proposal, autonomy)
    what_is_required_happens_and_nothing_that_is_not_permitted(limits, ruling)
    autonomy_splits_the_effective_actions_and_never_holds_back_what_tells_people(ruling)
    no_promotion_without_a_fresh_passed_verdict_against_the_present_champion(evidence, rules, ruling)
    no_retraining_on_the_same_rows_nor_over_a_limit(evidence, rules, ruling)
    assert len(ruling.effective & {Action.PROMOTE, Action.ROLL_BACK}) <= 1


def what_is_required_happens_and_nothing_that_is_not_permitted(limits, ruling):
    assert limits.deferrable <= limits.required <= limits.permitted
    assert limits.required - limits.deferrable <= ruling.effective <= limits.permitted
    assert ruling.deferred <= limits.deferrable
    assert Action.HOLD not in ruling.effective


def autonomy_splits_the_effective_actions_and_never_holds_back_what_tells_people(ruling):
    assert ruling.do | ruling.wait | ruling.say == ruling.effective
    assert not ruling.do & (ruling.wait | ruling.say)
    assert ruling.effective & TELLING <= ruling.do
    assert ruling.autonomy is Autonomy.ACT or not ruling.do & CONSEQUENTIAL


def no_promotion_without_a_fresh_passed_verdict_against_the_present_champion(evidence, rules, ruling):
    if Action.PROMOTE in ruling.effective:
        found = evidence.challenger
        assert found.verdict is VerdictStatus.PASSED
        assert found.verdict_id
        assert 0 <= found.verdict_age_hours <= rules.verdict_valid_hours
        assert found.judged_against == evidence.champion.version != found.version
        assert not found.served_before
        assert not found.refused_by_person


def no_retraining_on_the_same_rows_nor_over_a_limit(evidence, rules, ruling):
    if Action.RETRAIN in ruling.effective:
        found, limits = evidence.training, rules.retraining
        assert found.new_labels >= limits.min_new_labels
        assert found.attempts_last_day < limits.max_per_day
        assert found.fruitless_in_a_row < limits.max_fruitless
        assert found.hours_since_attempt is None or found.hours_since_attempt >= limits.cooldown_hours
        assert not evidence.history.waiting_for_approval


@SOME
@given(evidences, rule_sets)
def test_data_that_supports_no_score_is_neither_a_breach_nor_an_all_clear(evidence, rules):
    silent = replace(
        evidence,
        drift=replace(evidence.drift, status=DataStatus.TOO_FEW),
        accuracy=replace(evidence.accuracy, status=DataStatus.TOO_FEW),
    )
    found = bounds(silent, rules)
    assert not found.breach
    assert not {"hold_when_drift_is_not_seen", "hold_when_accuracy_is_clear"} & {fired.rule for fired in found.fired}


@SOME
@given(evidences, rule_sets, hostile)
def test_a_guardrail_that_raises_has_refused(evidence, rules, proposal):
    def broken(limits, asked, action):
        raise RuntimeError("out of order")

    limits = bounds(evidence, rules)
    ruling = rule(limits, proposal, Autonomy.ACT, action_guardrails=(broken,), deferral_guardrails=(broken,))
    assert ruling.effective == limits.required
    assert {refusal.guardrail for refusal in ruling.refusals} <= {"broken"}
    assert all("RuntimeError" in refusal.sentence for refusal in ruling.refusals)


@SOME
@given(evidences, rule_sets, hostile)
def test_guardrails_that_let_everything_through_cannot_widen_the_bounds(evidence, rules, proposal):
    limits = bounds(evidence, rules)
    ruling = rule(limits, proposal, Autonomy.ACT, action_guardrails=(), deferral_guardrails=())
    assert limits.required - limits.deferrable <= ruling.effective <= limits.permitted


@SOME
@given(evidences, rule_sets, proposals)
def test_the_same_evidence_gives_the_same_ruling(evidence, rules, proposal):
    first, second = bounds(evidence, rules), bounds(evidence, rules)
    assert first == second
    assert rule(first, proposal, Autonomy.ACT) == rule(second, proposal, Autonomy.ACT)


def test_an_unknown_action_is_refused_by_name():
    limits = bounds(evidence_with(), rules_with())
    ruling = rule(limits, Proposal(actions=frozenset({"delete_everything"})), Autonomy.ACT)
    assert [(r.action, r.guardrail) for r in ruling.refusals] == [("delete_everything", "refuse_an_unknown_action")]


def test_a_deferral_needs_a_reason():
    limits = bounds(evidence_with({"drift": {"vocabulary_drift": 0.4}, "training": {"new_labels": 240}}), rules_with())
    without = rule(limits, Proposal(defer=frozenset({Action.RETRAIN}), reasons=("  ",)), Autonomy.ACT)
    given_one = rule(limits, Proposal(defer=frozenset({Action.RETRAIN}), reasons=("label delay",)), Autonomy.ACT)
    assert Action.RETRAIN in without.effective
    assert Action.RETRAIN not in given_one.effective


def test_what_is_asked_for_and_put_off_at_once_is_done():
    limits = bounds(evidence_with({"drift": {"vocabulary_drift": 0.4}, "training": {"new_labels": 240}}), rules_with())
    both = Proposal(actions=frozenset({Action.RETRAIN}), defer=frozenset({Action.RETRAIN}), reasons=("x",))
    assert Action.RETRAIN in rule(limits, both, Autonomy.ACT).effective


def test_the_refusal_names_the_rule_that_forbids():
    limits = bounds(evidence_with({"training": {"new_labels": 5}}), rules_with())
    (refusal,) = rule(limits, Proposal(actions=frozenset({Action.RETRAIN})), Autonomy.ACT).refusals
    assert "100 are needed" in refusal.sentence


def test_holding_is_always_allowed_and_is_no_effect():
    limits = bounds(evidence_with(), rules_with())
    ruling = rule(limits, Proposal(actions=frozenset({Action.HOLD})), Autonomy.ACT)
    assert ruling.effective == frozenset()
    assert ruling.refusals == ()
