"""A calendar goes through the rules like every reason: it requires a retraining when it is due and labels suffice."""

from datetime import timedelta

from agent.actions import Action
from agent.decision import PolicyRules
from agent.observing.evidence import Observer
from agent.record.canonical import to_plain
from agent.rules.policy import bounds
from agent.rules.signals import Case
from agent.rules.wording import schedule_words
from agent.schedule.calendar import Kind, Plan
from pipeline.catalog import managed_model
from tests.agent.builders import LABELLED, evidence_with, merged, rules_with
from tests.agent.fakes import MODEL, NOON, add_version

RULE = "retrain_when_the_schedule_is_due_and_labels_suffice"


def required(overdue, labels=LABELLED):
    evidence = evidence_with(merged(labels, {"training": {"calendar_overdue_hours": overdue}}))
    return bounds(evidence, rules_with())


def test_a_calendar_that_is_due_requires_a_retraining_on_enough_labels():
    due = required(0.5)
    assert Action.RETRAIN in due.required
    fired = {one.rule: one for one in due.fired}
    assert "due by the calendar for 0.5 hours" in fired[RULE].sentence


def test_a_calendar_that_lies_ahead_or_finds_no_labels_requires_none():
    assert Action.RETRAIN not in required(-0.5).required
    assert Action.RETRAIN not in required(5.0, labels={}).required


def test_a_calendar_goes_before_the_number_of_days():
    long_ago = {"training": {"hours_since_training": 10_000.0, "calendar_overdue_hours": -3.0}}
    assert not Case(evidence_with(long_ago), PolicyRules()).schedule_due


def test_evidence_of_a_model_without_a_calendar_reads_as_it_did():
    evidence = evidence_with()
    assert "calendar_overdue_hours" not in to_plain(evidence)["training"]
    assert "days ago" in schedule_words(Case(evidence, rules_with()))


def test_the_observer_counts_from_the_first_time_after_the_last_training(store, home):
    add_version(store, 1)
    plan = Plan(model=MODEL, kind=Kind.RETRAINING, cron="0 3 * * *")
    seen = Observer(store, home, managed_model(MODEL), plan).observe(NOON + timedelta(days=30), scheduled=True)
    assert seen.evidence.training.calendar_overdue_hours > 24
    without = Observer(store, home, managed_model(MODEL)).observe(NOON + timedelta(days=30), scheduled=True)
    assert without.evidence.training.calendar_overdue_hours is None
