"""What happened to a model counts however many looks and alerts have been recorded since."""

from datetime import timedelta
from itertools import count

import pytest

from agent.record import ledger
from agent.record.ledger import EntryKind
from tests.agent.fakes import MODEL, NOON, add_version
from tests.agent.observing.looking import look
from tests.agent.traffic import answered, labelled, texts

ON_POSTGRESQL_TOO = True

# More looks, each with two alerts, than any one reading of the ledger goes back.
LOOKS = 220


class Record:
    """Writes decisions and events as the loop does, an hour after the other."""

    def __init__(self, control):
        self.control, self.number, self.at = control, count(), NOON

    def look(self, *triggers, status="sufficient", tells=(), **history):
        self.at += timedelta(hours=1)
        decision = f"d{next(self.number)}"
        drift = {"status": status, "vocabulary_drift": 0.3, "tfidf_drift": 0.2}
        body = {
            "evidence": {"champion": {"generation": 1}, "drift": drift, "history": history},
            "bounds": {"triggers": triggers, "required": tells},
            "ruling": {"deferred": [], "effective": []},
        }
        self.add(decision, EntryKind.DECISION, body)
        for action in tells:
            self.add(decision, EntryKind.EFFECT_STARTED, {"action": action, "attempt": 1})
        return decision

    def retrain(self, *triggers):
        decision = self.look(*triggers)
        self.add(decision, EntryKind.EFFECT_STARTED, {"action": "retrain", "attempt": 1})
        self.add(decision, EntryKind.TRAINED, {"verdict": "failed", "version": None})

    def add(self, decision, kind, body):
        ledger.append(self.control, decision_id=decision, model=MODEL, kind=kind, at=self.at, body=body)


@pytest.fixture
def record(world):
    return Record(world.control)


def seen(observer, record):
    return look(observer, hours=(record.at - NOON).total_seconds() / 3600 + 1)


def test_retrainings_of_the_schedule_brake_nothing_however_long_ago_they_were(observer, record):
    for _ in range(4):
        record.retrain("schedule")
    for _ in range(LOOKS):
        record.look()
    assert seen(observer, record).training.fruitless_in_a_row == 0


def test_the_brake_and_the_cooldown_outlast_any_number_of_alerts(observer, record):
    for _ in range(3):
        record.retrain("drift")
    for _ in range(LOOKS):
        record.look("drift", tells=("alert", "ask_person"))
    training = seen(observer, record).training
    assert (training.fruitless_in_a_row, training.hours_since_attempt) == (3, LOOKS + 1.0)


def test_a_retraining_that_failed_is_known_behind_any_number_of_other_failures(observer, record):
    failed = record.look("drift")
    record.add(failed, EntryKind.EFFECT_STARTED, {"action": "retrain", "attempt": 1})
    record.add(failed, EntryKind.EFFECT_FAILED, {"action": "retrain", "error": "TrainingError", "reason": "no memory"})
    for _ in range(LOOKS):
        record.add(
            record.look(), EntryKind.EFFECT_FAILED, {"action": "alert", "error": "given_up", "reason": "retrain"}
        )
    assert seen(observer, record).training.fruitless_in_a_row == 1


def test_a_version_that_a_person_refused_stays_refused(observer, record):
    asked = record.look()
    refusal = {"action": "promote", "arguments": {"version": 2}}
    record.add(asked, EntryKind.APPROVAL_REJECTED, refusal)
    for _ in range(LOOKS):
        record.look("drift", tells=("alert", "ask_person"))
    add_version(observer.store)
    assert seen(observer, record).challenger.refused_by_person


def test_a_breach_lasts_since_it_was_first_seen_and_keeps_its_incident(observer, record):
    first = record.look("drift", tells=("alert",))
    for past_hours in range(1, LOOKS + 1):
        record.look("drift", tells=("alert",), unresolved_breach_hours=float(past_hours), incident_id=first)
    history = seen(observer, record).history
    assert (history.unresolved_breach_hours, history.incident_id) == (LOOKS + 1.0, first)


def test_looks_that_judge_nothing_end_no_breach_however_many_there_are(observer, record):
    first = record.look("drift", tells=("alert",))
    for past_hours in range(1, LOOKS + 1):
        record.look(status="filling", unresolved_breach_hours=float(past_hours), incident_id=first)
    history = seen(observer, record).history
    assert (history.unresolved_breach_hours, history.incident_id) == (LOOKS + 1.0, first)


def test_drift_that_a_retraining_saw_is_answered_when_the_labels_come_late(observer, record):
    record.retrain("drift")
    for _ in range(LOOKS):
        record.look("drift", tells=("alert", "request_labels"))
    at = record.at
    ids = answered(observer.store, texts(200, 5), at)
    labelled(observer.store, ids, wrong=0, at=at)
    answer = seen(observer, record).history.answered_drift
    assert answer is not None
    assert answer.vocabulary_drift == 0.3
