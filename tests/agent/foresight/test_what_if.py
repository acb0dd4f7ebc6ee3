"""A decision under other numbers: what changes, what cannot be told, and how far each number is from a change."""

from math import nextafter

import pytest

from agent.actions import Action, Headline
from agent.deliberation.proposal import Proposal
from agent.evidence import DataStatus
from agent.foresight.what_if import what_if
from agent.rules.policy_numbers import UnknownRuleNumberError, with_numbers
from pipeline.monitoring.accuracy import p_below
from tests.agent.builders import CHALLENGER, DRIFTED, LABELLED, merged, rules_with
from tests.agent.foresight.builders import decision_on

BREACH = merged(DRIFTED, LABELLED)


def flip_of(found, number):
    return next(flip for flip in found.flips if flip.number == number)


def test_a_threshold_above_the_score_turns_a_retraining_into_no_action() -> None:
    found = what_if(decision_on(BREACH), {"drift_threshold": 0.25})
    assert (found.headline_before, found.headline_now) == (Headline.RETRAIN, Headline.NO_ACTION)
    assert not found.same


def test_a_threshold_still_below_the_score_changes_nothing() -> None:
    found = what_if(decision_on(BREACH), {"drift_threshold": 0.2})
    assert found.same
    assert found.changed == {"drift_threshold": (0.15, 0.2)}


def test_without_a_change_the_decision_comes_out_as_recorded() -> None:
    decision = decision_on(BREACH)
    found = what_if(decision, {})
    assert found.effective_now == decision.ruling.effective
    assert all(change.fired_before and change.fires_now for change in found.rules)


def test_the_margin_to_flip_is_the_distance_from_the_threshold_to_the_larger_score() -> None:
    flip = flip_of(what_if(decision_on(BREACH), {}), "drift_threshold")
    assert flip.beyond == pytest.approx(0.23)
    assert flip.margin == pytest.approx(0.08)
    assert flip.becomes is Headline.NO_ACTION


CASES = {
    "drift_threshold": BREACH,
    "min_new_labels": BREACH,
    "min_rows": BREACH,
    "cooldown_hours": merged(BREACH, {"training": {"hours_since_attempt": 7.0}}),
    "max_per_day": merged(BREACH, {"training": {"attempts_last_day": 1}}),
    "max_fruitless": merged(BREACH, {"training": {"fruitless_in_a_row": 1}}),
    "max_wait_hours": merged(BREACH, {"history": {"unresolved_breach_hours": 20.0}}),
    "schedule_days": LABELLED,
    "stale_after_hours": BREACH,
    "accuracy_confidence": merged(LABELLED, {"accuracy": {"estimate": 0.9, "p_below_floor": 0.97}}),
    "accuracy_floor": merged(
        LABELLED, {"accuracy": {"estimate": 0.91, "labelled": 200, "p_below_floor": p_below(182, 200, 0.93)}}
    ),
    "verdict_valid_hours": CHALLENGER,
    "confirm_windows": BREACH,
}


@pytest.mark.parametrize("number", CASES)
def test_what_is_called_a_flip_changes_what_is_done(number: str) -> None:
    decision = decision_on(CASES[number])
    flip = flip_of(what_if(decision, {}), number)
    assert flip.beyond is not None
    assert what_if(decision, {number: flip.beyond}).effective_now != decision.ruling.effective


def test_the_number_that_may_wait_flips_only_where_something_was_put_off() -> None:
    put_off = Proposal(defer=frozenset({Action.RETRAIN}), reasons=("the labels are from one day",))
    decision = decision_on(BREACH, proposal=put_off)
    assert flip_of(what_if(decision, {}), "max_deferrals").beyond == 0
    assert flip_of(what_if(decision_on(BREACH), {}), "max_deferrals").beyond is None


def test_just_short_of_the_flip_nothing_changes() -> None:
    decision = decision_on(BREACH)
    flip = flip_of(what_if(decision, {}), "min_new_labels")
    assert flip.beyond == 241
    assert what_if(decision, {"min_new_labels": 240}).same
    assert not what_if(decision, {"min_new_labels": 241}).same


def test_on_a_calm_window_the_threshold_flips_a_hair_below_the_score() -> None:
    flip = flip_of(what_if(decision_on(LABELLED), {}), "drift_threshold")
    assert flip.beyond == nextafter(0.04, 0)
    assert flip.becomes is Headline.RETRAIN


def test_the_margin_of_a_rule_follows_the_changed_threshold() -> None:
    found = what_if(decision_on(BREACH), {"drift_threshold": 0.2})
    rule = next(change for change in found.rules if change.rule.startswith("retrain_when_drift"))
    assert rule.margin_before == pytest.approx(0.08)
    assert rule.margin_now == pytest.approx(0.03)


def test_another_floor_gives_another_probability_from_the_same_counts() -> None:
    p = p_below(182, 200, 0.93)
    decision = decision_on({"accuracy": {"estimate": 0.91, "p_below_floor": p, "labelled": 200}, **LABELLED})
    found = what_if(decision, {"accuracy_floor": 0.95})
    assert decision.headline is Headline.NO_ACTION
    assert found.headline_now is Headline.RETRAIN
    assert found.notes == ()


def test_a_probability_that_did_not_come_from_the_counts_is_left_and_said_so() -> None:
    decision = decision_on({"accuracy": {"estimate": 0.91, "p_below_floor": 0.5, "labelled": 200}})
    found = what_if(decision, {"accuracy_floor": 0.95})
    assert "stays as recorded" in found.notes[0]


def test_more_rows_than_the_window_had_leave_drift_unknown() -> None:
    found = what_if(decision_on(BREACH), {"min_rows": 481})
    assert found.headline_now is Headline.NO_ACTION
    assert "hold_when_there_are_too_few_messages" in {change.rule for change in found.rules if change.fires_now}


def test_fewer_rows_cannot_bring_back_scores_that_were_not_measured() -> None:
    few = {"status": DataStatus.TOO_FEW, "vocabulary_drift": None, "tfidf_drift": None, "unique_messages": 20}
    found = what_if(decision_on({"drift": few}), {"min_rows": 10})
    assert "not known now either" in found.notes[0]


def test_another_window_size_is_said_to_be_unknowable() -> None:
    assert "not known" in what_if(decision_on(BREACH), {"window_rows": 200}).notes[0]


def test_the_proposal_of_the_model_is_kept_within_the_new_bounds() -> None:
    asked = Proposal(actions=frozenset({Action.RETRAIN}), reasons=("labels have come",))
    decision = decision_on(LABELLED, proposal=asked)
    assert decision.headline is Headline.RETRAIN
    assert what_if(decision, {"min_new_labels": 500}).headline_now is Headline.NO_ACTION


def test_an_unknown_number_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(UnknownRuleNumberError, match="drift_threshold"):
        what_if(decision_on(), {"drift": 0.2})


def test_whole_numbers_stay_whole_when_they_are_changed() -> None:
    assert with_numbers(rules_with(), {"max_per_day": 2.0}).retraining.max_per_day == 2
    assert isinstance(with_numbers(rules_with(), {"max_per_day": 2.0}).retraining.max_per_day, int)
