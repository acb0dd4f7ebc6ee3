"""A policy over recorded history: beside what happened, without claiming what nobody can know."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.actions import Action
from agent.commands.replay import recorded_decisions
from agent.deliberation.proposal import Proposal
from agent.errors import EvidenceFileError
from agent.foresight.history_replay import replay_history
from agent.foresight.simulation.run import Prices
from agent.record import ledger
from agent.record.ledger import EntryKind
from agent.rules.policy_file import read_policy
from agent.rules.policy_numbers import with_numbers
from tests.agent.builders import DRIFTED, LABELLED, merged, rules_with
from tests.agent.fakes import MODEL, NOON
from tests.agent.foresight.builders import decision_on

BREACH = merged(DRIFTED, LABELLED)
CALM: dict = {}


def recorded(*cases, hours: float = 12.0, **changes):
    return [decision_on(case, at=NOON + timedelta(hours=hours * place), **changes) for place, case in enumerate(cases)]


def as_is(rules):
    return rules


def with_threshold(value: float):
    return lambda rules: with_numbers(rules, {"drift_threshold": value})


def test_the_same_rules_come_out_as_they_were() -> None:
    found = replay_history(recorded(CALM, BREACH, CALM), as_is)
    assert found.differences == 0
    assert found.recorded == found.replayed
    assert found.recorded.retrainings == 1


def test_a_higher_threshold_misses_the_breach_that_was_retrained() -> None:
    found = replay_history(recorded(CALM, BREACH, BREACH, CALM), with_threshold(0.3))
    assert (found.recorded.breaches, found.recorded.missed) == (1, 0)
    assert (found.replayed.retrainings, found.replayed.missed) == (0, 1)
    assert found.replayed.days_unanswered == 1.0
    assert found.recorded.days_unanswered == 0.0


def test_days_in_breach_are_the_records_on_both_sides() -> None:
    found = replay_history(recorded(BREACH, BREACH, CALM), with_threshold(0.9))
    assert found.recorded.days_in_breach == found.replayed.days_in_breach == 1.0


def test_a_lower_threshold_retrains_where_nothing_was_done() -> None:
    shy = merged({"drift": {"vocabulary_drift": 0.12}}, LABELLED)
    found = replay_history(recorded(CALM, shy, CALM), with_threshold(0.1))
    assert (found.recorded.retrainings, found.replayed.retrainings) == (0, 1)
    assert found.first_difference is found.steps[1]


def test_after_a_difference_its_own_retrainings_count_for_its_cooldown() -> None:
    shy = merged({"drift": {"vocabulary_drift": 0.12}}, LABELLED)
    found = replay_history(recorded(shy, shy, shy, shy, hours=3), with_threshold(0.1))
    assert [Action.RETRAIN in step.replayed for step in found.steps] == [True, False, True, False]


def test_its_own_retrainings_count_for_the_budget_of_a_day() -> None:
    shy = merged({"drift": {"vocabulary_drift": 0.12}}, LABELLED)
    found = replay_history(recorded(*[shy] * 5, hours=6.5), with_threshold(0.1))
    trained = [Action.RETRAIN in step.replayed for step in found.steps]
    assert trained == [True, True, True, False, True]


def test_a_reaction_after_a_day_and_not_before_is_late() -> None:
    quiet = with_threshold(0.2)
    small = merged({"drift": {"vocabulary_drift": 0.16}}, LABELLED)
    late = replay_history(recorded(small, small, small, BREACH), quiet).replayed
    in_time = replay_history(recorded(small, small, BREACH), quiet).replayed
    assert (late.late, late.missed) == (1, 0)
    assert (in_time.late, in_time.missed) == (0, 0)


def test_a_silence_longer_than_a_day_counts_as_a_day() -> None:
    found = replay_history(recorded(BREACH, CALM, hours=100), as_is)
    assert found.recorded.days_in_breach == 1.0


def test_the_proposals_of_the_model_are_kept_unless_it_is_asked_again() -> None:
    put_off = Proposal(defer=frozenset({Action.RETRAIN}), reasons=("wait",))
    decisions = recorded(BREACH, proposal=put_off)
    kept = replay_history(decisions, as_is)
    asked = replay_history(decisions, as_is, deliberate=lambda *_: (None, 0.25))
    assert kept.replayed.retrainings == 0
    assert asked.replayed.retrainings == 1
    assert asked.replayed.usd == 0.25


def test_labels_that_are_asked_for_again_and_again_are_counted_once() -> None:
    bare = merged(DRIFTED, {"training": {"new_labels": 30}})
    found = replay_history(recorded(bare, bare, CALM, bare), as_is)
    assert found.recorded.labels_asked == 140


def test_cost_is_counted_for_both_sides_at_the_same_prices() -> None:
    prices = Prices(training=100, label=0, alert=1, person=0)
    found = replay_history(recorded(BREACH), with_threshold(0.9), prices=prices)
    assert (found.recorded.cost, found.replayed.cost) == (101.0, 0.0)


def test_an_empty_history_has_nothing_in_it() -> None:
    found = replay_history([], as_is)
    assert (found.recorded.retrainings, found.recorded.days_in_breach) == (0, 0.0)


def write(store, decisions) -> None:
    for decision in decisions:
        ledger.append(
            store.control,
            decision_id=decision.decision_id,
            model=decision.model,
            kind=EntryKind.DECISION,
            at=decision.at,
            body=decision,
        )


def test_history_is_read_from_the_ledger_oldest_first_and_from_a_day_on(store) -> None:
    decisions = recorded(CALM, BREACH, CALM)
    write(store, decisions)
    assert recorded_decisions(store, MODEL, None) == decisions
    later = (NOON + timedelta(hours=6)).replace(tzinfo=None)
    assert recorded_decisions(store, MODEL, later) == decisions[1:]
    assert recorded_decisions(store, "another", None) == []


def test_a_year_of_hourly_decisions_replays_in_seconds() -> None:
    year = [decision_on(CALM if place % 50 else BREACH, at=datetime(2026, 1, 1, tzinfo=UTC)) for place in range(50)]
    started = time.process_time()
    found = replay_history(year * 176, with_threshold(0.2))
    assert len(found.steps) == 8_800
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "body", ["drift_threshold: 0.2\n", "monitoring:\n  drift_threshold: 0.2\n", '{"drift_threshold": 0.2}']
)
def test_a_policy_is_read_plainly_or_in_sections(tmp_path: Path, body: str) -> None:
    (tmp_path / "p.yaml").write_text(body)
    assert read_policy(tmp_path / "p.yaml", rules_with()).monitoring.drift_threshold == 0.2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("drift: 0.2\n", "no number 'drift'"),
        ("drift_threshold: high\n", "must be a number"),
        ("drift_threshold: true\n", "must be a number"),
        ("- 1\n", "is no policy"),
        ("", "is no policy"),
        ("a: [\n", "cannot be read"),
    ],
)
def test_a_policy_file_that_does_not_fit_is_an_error(tmp_path: Path, body: str, words: str) -> None:
    (tmp_path / "p.yaml").write_text(body)
    with pytest.raises(EvidenceFileError, match=words):
        read_policy(tmp_path / "p.yaml", rules_with())
