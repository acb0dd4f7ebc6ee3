"""The simulation: the world obeys what was measured, policies are counted alike, and a year takes seconds."""

import time
from dataclasses import replace

import pytest

from agent.decision import PolicyRules
from agent.foresight.simulation.compare import as_json, compare, table
from agent.foresight.simulation.episodes import episodes
from agent.foresight.simulation.histories import HISTORIES, History, Hour, history
from agent.foresight.simulation.measured import load
from agent.foresight.simulation.plot import draw
from agent.foresight.simulation.policies import Daily, FixedThreshold, Informed, Never, PatientScript, Rules, WithAgent
from agent.foresight.simulation.run import Prices, Run
from agent.foresight.simulation.world import Version, World
from pipeline.gate.rules import VerdictStatus
from pipeline.spec import MonitoringRules

MEASURED = load()
RULES = PolicyRules(monitoring=MonitoringRules(window_rows=MEASURED.window_rows))
FLOOR = RULES.monitoring.accuracy_floor
CAMPAIGN = Hour(25, (("campaign:0", 0.2),))


def outcome(made: History, policy, rules: PolicyRules = RULES):
    return Run(made, policy, rules, MEASURED, Prices()).finish()


def steady(hour: Hour, days: int, seed: int = 1) -> History:
    return History(name="steady", about="the same every hour", seed=seed, hours=(hour,) * (24 * days))


def world(hour: Hour = CAMPAIGN) -> World:
    return World(steady(hour, 1), MEASURED, MEASURED.window_rows)


def test_what_was_measured_on_real_messages_is_plausible() -> None:
    assert 0.97 < MEASURED.ham <= 1
    assert MEASURED.accuracy_on("campaign", 0) < 0.5 < 0.9 < MEASURED.accuracy_on("campaign", 40)
    assert MEASURED.poison_loss(0) == 0 < MEASURED.poison_loss(800)
    calm = [max(pair) for pair in MEASURED.scores["campaign"][0.0]]
    wave = [max(pair) for pair in MEASURED.scores["campaign"][0.2]]
    assert sum(score > 0.15 for score in calm) <= 2
    assert min(wave) > 0.15


@pytest.mark.parametrize("name", HISTORIES)
def test_one_seed_gives_one_history_and_another_seed_another(name: str) -> None:
    assert history(name, 60, 3) == history(name, 60, 3)
    assert history(name, 60, 3) != history(name, 60, 4)
    assert len(history(name, 60, 3).hours) == 60 * 24


def test_a_campaign_that_is_not_known_lowers_the_accuracy_and_labels_bring_it_back() -> None:
    unknown, known = (
        world().accuracy(Version(1), CAMPAIGN),
        world().accuracy(Version(2, {"campaign:0": 80.0}), CAMPAIGN),
    )
    assert unknown < FLOOR < known


def test_to_know_one_campaign_does_not_help_against_another() -> None:
    other = Version(2, {"campaign:1": 500.0})
    assert world().accuracy(other, CAMPAIGN) == world().accuracy(Version(1), CAMPAIGN)


def test_random_labels_that_were_trained_on_cost_accuracy() -> None:
    quiet = Hour(25)
    assert world(quiet).accuracy(Version(2, {}, 800.0), quiet) < world(quiet).accuracy(Version(1), quiet)


def filled(hour: Hour, hours: int = 800) -> World:
    made = world(hour)
    for _ in range(hours):
        made.pass_hour(hour)
    return made


def test_the_gate_passes_what_learned_the_campaign_and_not_what_learned_nothing() -> None:
    verdicts = [filled(CAMPAIGN).gate(filled(CAMPAIGN).trained(2)) for _ in range(3)]
    assert verdicts == [VerdictStatus.PASSED] * 3
    assert filled(CAMPAIGN).gate(Version(2)) is not VerdictStatus.PASSED


def test_the_gate_refuses_what_was_spoilt_by_random_labels() -> None:
    assert filled(Hour(25)).gate(Version(2, {}, 2_000.0)) is VerdictStatus.FAILED


def test_the_gate_decides_nothing_without_labels() -> None:
    assert world().gate(Version(2, {"campaign:0": 80.0})) is not VerdictStatus.PASSED


def test_never_does_nothing_and_daily_trains_every_day() -> None:
    made = steady(CAMPAIGN, 30)
    nothing, every_day = outcome(made, Never()), outcome(made, Daily())
    assert (nothing.trainings, nothing.days_in_breach, nothing.missed) == (0, 30.0, 1)
    assert every_day.trainings == 29
    assert every_day.days_in_breach < 5


def test_the_rules_end_a_breach_that_never_would_leave() -> None:
    made = steady(CAMPAIGN, 30)
    rules = outcome(made, Rules(RULES))
    assert rules.promotions >= 1
    assert rules.days_in_breach < 10
    assert rules.missed == 0
    assert rules.labels_asked > 0


def test_the_rules_leave_a_calm_quarter_alone() -> None:
    quiet = outcome(history("calm", 90, 2), Rules(RULES))
    assert (quiet.promotions, quiet.labels_asked, quiet.days_in_breach) == (0, 0, 0.0)
    assert quiet.trainings == 90 // RULES.retraining.schedule_days  # the routine, which needs no reason


def test_a_fixed_threshold_without_labels_trains_for_nothing() -> None:
    made = steady(replace(CAMPAIGN, labelled=0.0), 30)
    naive, rules = outcome(made, FixedThreshold()), outcome(made, Rules(RULES))
    assert naive.trainings > 50
    assert naive.days_in_breach == 30.0
    assert rules.days_in_breach < naive.days_in_breach
    assert rules.labels_asked >= RULES.retraining.min_new_labels


def test_the_informed_one_trains_only_for_a_gain() -> None:
    assert outcome(history("class_mix", 90, 0), Informed(FLOOR)).trainings == 0


def test_an_agent_that_always_defers_cannot_put_a_breach_of_accuracy_off() -> None:
    made = steady(CAMPAIGN, 30)
    patient = outcome(made, WithAgent(RULES, PatientScript(), most_calls=10**9))
    assert patient.promotions >= 1
    assert patient.days_in_breach < 12


def test_an_agent_out_of_calls_is_the_rules() -> None:
    made = steady(CAMPAIGN, 20)
    silent = outcome(made, WithAgent(RULES, PatientScript(), most_calls=0))
    assert silent.accuracy == outcome(made, Rules(RULES)).accuracy


@pytest.mark.parametrize(
    ("below", "reacted_at", "found"),
    [
        (range(10, 33), None, []),
        (range(10, 34), None, [(None, True, False)]),
        (range(10, 60), 10, [(0, False, False)]),
        (range(10, 60), 34, [(24, False, False)]),
        (range(10, 60), 35, [(25, False, True)]),
        (range(10, 60), 60, [(None, True, False)]),
        (range(70, 100), 99, [(29, False, True)]),
    ],
)
def test_a_breach_of_a_day_counts_and_its_first_reaction_decides(below, reacted_at, found) -> None:
    accuracy = [0.9 if hour in below else 0.99 for hour in range(100)]
    reacted = [hour == reacted_at for hour in range(100)]
    seen = episodes(accuracy, reacted, FLOOR)
    assert [(one.reaction_hours, one.missed, one.late) for one in seen] == found


def test_cost_is_the_sum_of_what_was_done_at_its_price() -> None:
    made, prices = steady(CAMPAIGN, 10), Prices(training=0, label=0, alert=0, person=0, wrong_answer=1)
    free = Run(made, Rules(RULES), RULES, MEASURED, prices).finish()
    dear = Run(made, Rules(RULES), RULES, MEASURED, replace(prices, training=100)).finish()
    assert free.cost == pytest.approx(free.wrong_answers)
    assert dear.cost - free.cost == pytest.approx(100 * free.trainings)
    assert free.trainings > 0


@pytest.fixture(scope="module")
def small():
    return compare(
        ["calm", "campaigns"],
        lambda: [Never(), Rules(RULES), Informed(FLOOR)],
        RULES,
        MEASURED,
        days=60,
        seed=0,
        prices=Prices(),
    )


def test_regret_is_measured_from_the_cheapest_of_the_same_history(small) -> None:
    for name in small.histories:
        regrets = [small.regret(one) for one in small.outcomes if one.history == name]
        assert min(regrets) == 0.0
        assert max(regrets) > 0.0


def test_a_comparison_can_be_shown_and_drawn(small, tmp_path) -> None:
    draw(small, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert table(small).row_count == 6 + 2  # a heading for each history
    assert {row["policy"] for row in as_json(small)["outcomes"]} == {"never", "rules", "informed"}


def test_a_year_of_hourly_decisions_replays_in_seconds() -> None:
    started = time.process_time()
    year = outcome(history("campaigns", 365, 0), Rules(RULES))
    assert len(year.accuracy) == 8_760
    assert time.process_time() - started < 20


def test_harmless_drift_that_lasts_comes_to_rest_and_new_spam_on_top_of_it_is_still_found() -> None:
    made = history("lasting_mix", 365, 0)
    resting = outcome(made, Rules(RULES))
    routine = 365 // RULES.retraining.schedule_days
    assert resting.trainings <= routine + 30
    assert resting.people_asked <= 30
    assert (resting.missed, resting.days_in_breach < 10) == (0, True)
