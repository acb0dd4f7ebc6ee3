"""What the ledger's entries say about attempts, refusals, deferrals and an unresolved breach, case by case."""

from datetime import timedelta

from agent.record.canonical import canonical_json
from agent.record.ledger import Entry, EntryKind
from agent.record.past import summarise
from tests.agent.fakes import MODEL, NOON

HOUR = timedelta(hours=1)


def entry(kind, hours_ago, decision="d1", **body):
    return Entry(
        seq=1,
        entry_id="e",
        decision_id=decision,
        model=MODEL,
        kind=kind,
        at=NOON - hours_ago * HOUR,
        idempotency_key=None,
        text=canonical_json(body),
        previous_hash="",
        hash="",
    )


def attempt(hours_ago, decision="d1", number=1, action="retrain"):
    return entry(EntryKind.EFFECT_STARTED, hours_ago, decision, action=action, attempt=number)


def trained(hours_ago, decision, verdict):
    return entry(EntryKind.TRAINED, hours_ago, decision, verdict=verdict, version=2)


def decided(hours_ago, *triggers, generation=1, status="sufficient", deferred=(), decision="d1"):
    evidence = {"champion": {"generation": generation}, "drift": {"status": status}}
    body = {"evidence": evidence, "bounds": {"triggers": list(triggers)}, "ruling": {"deferred": list(deferred)}}
    return entry(EntryKind.DECISION, hours_ago, decision, **body)


def past(decisions=(), events=(), generation=1, helped_at=None):
    return summarise(decisions, events, NOON, generation, helped_at, made_for=decisions)


def test_an_empty_ledger_knows_nothing():
    found = past()
    assert (found.hours_since_attempt, found.unresolved_breach_hours, found.hours_since_refusal) == (None, None, None)
    assert (found.attempts_last_day, found.fruitless_in_a_row, found.deferrals_in_a_row) == (0, 0, 0)


def test_attempts_of_the_last_day_count_and_restarts_of_one_attempt_do_not():
    events = [attempt(1, "d3", number=2), attempt(2, "d3"), attempt(23.9, "d2"), attempt(24, "d1")]
    found = past(events=events)
    assert (found.hours_since_attempt, found.attempts_last_day) == (2, 2)


def test_an_attempt_of_a_clock_that_was_put_back_since_holds_nothing_up():
    found = past(events=[attempt(-2, "d3"), attempt(-0.9, "d2"), attempt(30, "d1")])
    assert (found.hours_since_attempt, found.attempts_last_day) == (0, 1)
    assert past(events=[attempt(-2, "d3"), attempt(30, "d1")]).hours_since_attempt == 30


def test_other_effects_are_no_attempts():
    assert past(events=[attempt(1, action="alert")]).attempts_last_day == 0


def test_fruitless_retrainings_are_counted_back_to_one_that_passed():
    events = [
        trained(1, "d4", "failed"),
        attempt(1.1, "d4"),
        entry(EntryKind.EFFECT_FAILED, 2, "d3", action="retrain"),
        attempt(2.1, "d3"),
        trained(3, "d2", "passed"),
        attempt(3.1, "d2"),
        trained(4, "d1", "failed"),
        attempt(4.1, "d1"),
    ]
    assert past(events=events).fruitless_in_a_row == 2


def test_what_helped_starts_the_count_anew():
    events = [trained(1, "d2", "failed"), attempt(1.1, "d2"), trained(4, "d1", "failed"), attempt(4.1, "d1")]
    assert past(events=events).fruitless_in_a_row == 2
    assert past(events=events, helped_at=NOON - 2 * HOUR).fruitless_in_a_row == 1


def test_a_retraining_of_the_schedule_alone_brakes_nothing_and_any_other_does():
    events = [trained(hour, f"d{hour}", "failed") for hour in (1, 2, 3)] + [
        attempt(hour, f"d{hour}") for hour in (1, 2, 3)
    ]
    decisions = [
        decided(1, "schedule", decision="d1"),
        decided(2, "drift", "schedule", decision="d2"),
        decided(3, decision="d3"),
    ]
    assert past(decisions, events).fruitless_in_a_row == 2


def test_an_attempt_that_has_not_ended_is_neither_fruitless_nor_a_success():
    events = [attempt(0.1, "d2"), trained(4, "d1", "failed"), attempt(4.1, "d1")]
    assert past(events=events).fruitless_in_a_row == 1


def test_a_breach_lasts_since_the_first_decision_that_saw_it():
    assert past([decided(1, "drift"), decided(3, "accuracy"), decided(5)]).unresolved_breach_hours == 3


def test_a_look_that_saw_nothing_wrong_ends_a_breach():
    assert past([decided(1), decided(3, "drift")]).unresolved_breach_hours is None


def test_a_look_that_could_tell_nothing_ends_no_breach():
    silent = decided(1, status="too_few")
    assert past([silent, decided(3, "drift")]).unresolved_breach_hours == 3


def test_the_schedule_is_no_breach():
    assert past([decided(1, "schedule")]).unresolved_breach_hours is None


def test_a_promotion_ends_a_breach():
    assert past([decided(3, "drift", generation=1)], generation=2).unresolved_breach_hours is None


def test_deferrals_are_counted_in_a_row():
    rows = [decided(1, deferred=["retrain"]), decided(2, deferred=["retrain"]), decided(3), decided(4, deferred=["x"])]
    assert past(rows).deferrals_in_a_row == 2


def test_refusals_are_known_by_action_and_version():
    events = [
        entry(EntryKind.APPROVAL_REJECTED, 2, action="promote", arguments={"version": 3}),
        entry(EntryKind.APPROVAL_REJECTED, 5, action="retrain", arguments={}),
    ]
    found = past(events=events)
    assert (found.hours_since_refusal, found.refused_versions) == (5, {3})


def test_clocks_that_differ_give_no_negative_age():
    assert past(events=[attempt(-1)]).hours_since_attempt == 0
