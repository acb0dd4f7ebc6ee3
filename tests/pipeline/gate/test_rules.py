import numpy as np
import pytest

from benchmarks.gate import CASES, pass_rate
from pipeline.gate.evidence import GateEvidence, Judged
from pipeline.gate.paired import mcnemar_mid_p, paired_gain
from pipeline.gate.rules import (
    AtLeast,
    BeatsMajority,
    Better,
    GateRules,
    NotWorse,
    RuleOutcome,
    ServedParity,
    VerdictStatus,
    judge,
)

CASE = {case.name: case for case in CASES}


def judged(n: int, *, won: int = 0, lost: int = 0, both_wrong: int = 0, positives: int | None = None) -> Judged:
    """`n` rows on which the challenger alone is right `won` times, the champion alone `lost` times."""
    labels = np.array([1] * (n // 2 if positives is None else positives), dtype=np.int64)
    labels = np.concatenate([labels, np.zeros(n - len(labels), dtype=np.int64)])
    challenger, champion = labels.copy(), labels.copy()
    champion[:won] ^= 1
    challenger[won : won + lost] ^= 1
    for answers in (challenger, champion):
        answers[won + lost : won + lost + both_wrong] ^= 1
    return Judged(labels=labels, challenger=challenger, champion=champion)


def evidence(holdout: Judged, recent: Judged | None = None, **changes) -> GateEvidence:
    values = {"parity": 0.0, "artifact_sha256": "new", "champion_sha256": "old"} | changes
    return GateEvidence(holdout=holdout, recent=recent, **values)


@pytest.mark.parametrize(("wrong", "outcome"), [(5, RuleOutcome.PASSED), (6, RuleOutcome.FAILED)])
def test_a_floor_holds_on_its_line_and_fails_below_it(wrong, outcome):
    result = AtLeast("accuracy", 0.95).check(evidence(judged(100, both_wrong=wrong)))
    assert result.outcome is outcome
    assert f"{1 - wrong / 100:.4f}" in result.reason


def test_a_constant_never_beats_the_majority():
    labels = np.array([0] * 87 + [1] * 13)
    rows = Judged(labels=labels, challenger=np.zeros(100, dtype=np.int64))
    assert AtLeast("accuracy", 0.85).check(evidence(rows)).outcome is RuleOutcome.PASSED
    assert BeatsMajority().check(evidence(rows)).outcome is RuleOutcome.FAILED


@pytest.mark.parametrize(("parity", "outcome"), [(1e-9, RuleOutcome.PASSED), (1.1e-9, RuleOutcome.FAILED)])
def test_served_scores_must_agree_with_trained_scores(parity, outcome):
    assert ServedParity(1e-9).check(evidence(judged(10), parity=parity)).outcome is outcome


def test_unknown_parity_is_refused():
    assert ServedParity(1e-9).check(evidence(judged(10), parity=float("inf"))).outcome is RuleOutcome.FAILED


def test_a_tie_on_the_holdout_is_not_worse_and_two_points_lost_are():
    assert NotWorse(margin=0.01).check(evidence(judged(900, won=5, lost=5))).outcome is RuleOutcome.PASSED
    assert NotWorse(margin=0.01).check(evidence(judged(900, won=0, lost=18))).outcome is RuleOutcome.FAILED


def test_a_gain_that_may_be_chance_does_not_pass_and_says_how_many_labels_decide():
    result = Better(by=0.01, min_rows=50).check(evidence(judged(900), judged(100, won=3, lost=1)))
    assert result.outcome is RuleOutcome.UNDECIDED
    assert result.more_labels
    assert f"about {result.more_labels} more labels" in result.reason


def test_the_labels_asked_for_would_decide_if_the_rates_hold():
    first = Better(by=0.01, min_rows=50).check(evidence(judged(900), judged(100, won=3, lost=1)))
    times = (100 + first.more_labels) / 100 * 1.2
    later = judged(int(100 * times), won=round(3 * times), lost=round(times))
    assert Better(by=0.01, min_rows=50).compare(later).outcome is RuleOutcome.PASSED


@pytest.mark.parametrize(("rows", "missing"), [(None, 50), (judged(49, won=20), 1)])
def test_too_few_recent_labels_decide_nothing(rows, missing):
    result = Better(by=0.01, min_rows=50).check(evidence(judged(900), rows))
    assert (result.outcome, result.more_labels, result.observed) == (RuleOutcome.UNDECIDED, missing, None)


def test_a_certain_gain_below_the_margin_fails():
    assert Better(by=0.01, min_rows=50).compare(judged(5000, won=20, lost=1)).outcome is RuleOutcome.FAILED


def test_the_paired_interval_is_that_of_the_published_formula():
    # By hand: p+ = 9/100, p- = 3/100, so 0.06 +- 1.96 sqrt((0.12 - 0.06^2) / 100).
    gain, low, high = paired_gain(8, 2, 98, z=1.96)
    assert gain == pytest.approx(6 / 98)
    assert (low, high) == pytest.approx((0.06 - 0.06687, 0.06 + 0.06687), abs=1e-5)


def test_the_mid_p_value_matches_the_binomial_by_hand():
    assert mcnemar_mid_p(4, 0) == pytest.approx(0.5**4 / 2)
    assert mcnemar_mid_p(3, 1) == pytest.approx((1 + 4 / 2) / 16)
    assert mcnemar_mid_p(0, 0) == pytest.approx(0.5)


def test_the_interval_of_the_gain_covers_the_truth_nine_times_in_ten():
    from benchmarks.gate import simulate

    case = CASE["5 points better, noisier"]
    intervals = [paired_gain(*simulate(case, labels=200, seed=seed).discordant())[1:] for seed in range(400)]
    assert np.mean([low <= case.true_gain <= high for low, high in intervals]) >= 0.87


def test_challengers_that_are_truly_five_points_better_pass_nine_times_in_ten():
    assert pass_rate(CASE["5 points better"], labels=200, runs=50) >= 0.90


@pytest.mark.parametrize("name", ["equal", "equal, many differences", "2 points worse"])
def test_equal_or_worse_challengers_pass_at_most_once_in_twenty(name):
    assert pass_rate(CASE[name], labels=200, runs=50) <= 0.05


RULES = GateRules(first=(AtLeast("accuracy", 0.95),), challenger=(NotWorse(0.01), Better(by=0.01, min_rows=50)))


def test_the_champions_own_bytes_are_unchanged_whatever_the_rules_say():
    verdict = judge(RULES, evidence(judged(900), judged(200, won=40), artifact_sha256="same", champion_sha256="same"))
    assert verdict.status is VerdictStatus.UNCHANGED
    assert not verdict.passed


def test_a_first_version_is_held_to_the_rules_for_first_versions():
    assert judge(RULES, evidence(judged(100, both_wrong=6), champion_sha256=None)).status is VerdictStatus.FAILED
    assert judge(RULES, evidence(judged(100, both_wrong=5), champion_sha256=None)).passed


def test_a_failed_rule_outweighs_an_undecided_one_and_both_outweigh_passes():
    worse_on_holdout = judged(900, lost=30)
    assert judge(RULES, evidence(worse_on_holdout, judged(10))).status is VerdictStatus.FAILED
    assert judge(RULES, evidence(judged(900), judged(10))).status is VerdictStatus.UNDECIDED
    assert judge(RULES, evidence(judged(900), judged(200, won=20))).status is VerdictStatus.PASSED


def test_a_gate_without_rules_lets_nothing_through():
    assert judge(GateRules(first=()), evidence(judged(100))).status is VerdictStatus.FAILED


def test_a_challenger_without_a_common_comparison_raises():
    rows = Judged(labels=np.zeros(3, dtype=np.int64), challenger=np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="paired"):
        rows.discordant()
