"""What decisions of a real loop tell people: one notice for each piece of news, incidents opened and resolved."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from agent.actions import Autonomy
from agent.alerts import incident_store
from agent.alerts.collecting import Collector
from agent.alerts.expected import expected_sentences
from agent.alerts.notice import NoticeKind, Severity
from agent.deliberation.proposal import Deliberation, Diagnosis, Proposal, ReasonCode
from agent.record import ledger
from pipeline.gate.rules import VerdictStatus
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases import promotion
from tests.agent.alerts.builders import queued
from tests.agent.builders import CHALLENGER, DRIFTED, merged
from tests.agent.fakes import MODEL, Clock, FakeHands, FixedAssistant, add_champion, add_verdict, add_version
from tests.agent.world import loop_in

ON_POSTGRESQL_TOO = True

CHANNELS = ("slack", "email")
LOW = {"accuracy": {"estimate": 0.85, "low": 0.8, "high": 0.9, "p_below_floor": 0.999}}


@pytest.fixture
def clock():
    return Clock()


def collector(store, clock, **changes):
    return Collector(control=store.control, channels=CHANNELS, clock=clock, **changes)


def told(store, clock, channel="slack", **changes):
    """What was queued for a channel, in order, after everything was collected."""
    collecting = collector(store, clock, **changes)
    while collecting.collect():
        pass
    return queued(store, channel)


def kinds(notices):
    return [notice.kind.value for notice in notices]


def test_drift_with_labels_is_told_step_by_step_in_one_thread(home, store, clock):
    made = loop_in(home, store, clock=clock).check()
    notices = [one for one in told(store, clock) if one.decision_id == made.decision.decision_id]
    assert kinds(notices) == ["trouble", "retraining_started", "gate_passed", "promoted", "resolved"]
    assert {one.thread for one in notices} == {made.decision.decision_id}
    alert = notices[0]
    assert alert.severity is Severity.WARNING
    assert "drifted" in alert.headline
    drift = alert.facts[0]
    assert (drift.observed, drift.threshold, drift.margin, drift.beyond) == ("0.23", "above 0.15", "+0.08", True)
    assert "500 messages, 480 of them different" in alert.window
    assert any("retraining is under way" in line for line in alert.done)
    assert "240 new labelled rows" in " ".join(alert.rule_reasons)
    assert notices[-1].closes == alert.key
    (incident,) = [one for one in incident_store.incidents(store.control) if one.model == MODEL]
    assert incident.resolved_at is not None


def test_what_was_told_of_an_incident_is_not_told_again_until_it_is_news(home, store, clock):
    loop = loop_in(home, store, DRIFTED, clock=clock)
    first = loop.check().decision.decision_id
    clock.forward(hours=1)
    again = merged(DRIFTED, {"history": {"incident_id": first}})
    loop_in(home, store, again, clock=clock).check()
    clock.forward(hours=1)
    loop_in(home, store, merged(again, LOW), clock=clock).check()
    notices = [one for one in told(store, clock) if one.kind is NoticeKind.TROUBLE]
    assert [one.headline.partition(": ")[2] for one in notices] == [
        "messages have drifted",
        "accuracy is too low, messages have drifted",
    ]
    assert {one.thread for one in notices} == {first}
    assert [one.severity for one in notices] == [Severity.WARNING, Severity.CRITICAL]
    assert all(one.wants_labels for one in notices)


def test_a_window_without_trouble_resolves_the_incident(home, store, clock):
    first = loop_in(home, store, DRIFTED, clock=clock).check().decision.decision_id
    clock.forward(hours=3)
    loop_in(home, store, {"drift": {"status": "too_few"}}, clock=clock).check()
    assert "resolved" not in kinds(told(store, clock))  # too few messages end nothing
    loop_in(home, store, {}, clock=clock).check()
    resolved = told(store, clock)[-1]
    assert (resolved.kind, resolved.thread, resolved.broadcast) == (NoticeKind.RESOLVED, first, True)
    assert "3.0 hours" in resolved.headline


def test_a_failed_gate_and_a_refused_promotion_are_told(home, store, clock):
    hands = FakeHands(store, home / "diary", verdict=VerdictStatus.FAILED)
    loop_in(home, store, clock=clock, hands=hands).check()
    failed = told(store, clock)[-1]
    assert (failed.kind, failed.severity) == (NoticeKind.GATE_FAILED, Severity.WARNING)
    assert "failed" in failed.headline


def test_a_rollback_is_critical(home, store, clock):
    for _ in range(3):
        add_champion(store)
    seen = {"version": 3, "generation": 3, "previous_version": 2, "previous_p_below_floor": 0.01}
    loop_in(home, store, merged(LOW, {"champion": seen}), clock=clock).check()
    back = next(one for one in told(store, clock) if one.kind is NoticeKind.ROLLED_BACK)
    assert (back.severity, back.broadcast) == (Severity.CRITICAL, True)
    assert "v2" in back.headline


def test_a_question_and_its_answer_are_told_and_the_answer_closes_the_question(home, store, clock):
    loop = loop_in(home, store, clock=clock, autonomy=Autonomy.PROPOSE)
    loop.check()
    asked = told(store, clock)[-1]
    assert (asked.kind, asked.ask.action) == (NoticeKind.APPROVAL_REQUESTED, "retrain")
    assert asked.facts
    clock.forward(hours=25)
    loop.resume()
    answered = [one for one in told(store, clock) if one.kind is NoticeKind.APPROVAL_ANSWERED]
    assert [one.closes for one in answered] == [asked.key]
    assert answered[0].closing.startswith("Ran out unanswered")


def thinking(**changes):
    return FixedAssistant(Deliberation(asked=True, **changes))


def test_a_fallback_is_told_once_an_hour_and_its_end_is_told(home, store, clock):
    lost = thinking(reason_code=ReasonCode.LLM_TIMEOUT)
    fine = thinking(proposal=Proposal(diagnosis=Diagnosis.NONE, reasons=("Nothing is wrong.",)))
    for assistant in (lost, lost, fine, lost, fine):
        loop_in(home, store, {}, clock=clock, assistant=assistant).check()
        clock.forward(minutes=5)
    assert kinds(told(store, clock))[-2:] == ["fallback_to_rules", "agent_back"]
    clock.forward(hours=2)
    loop_in(home, store, {}, clock=clock, assistant=lost).check()
    assert "llm_timeout" in told(store, clock)[-1].headline


def test_a_demotion_is_told(home, store, clock):
    loop_in(home, store, {}, clock=clock, assistant=thinking(reason_code=ReasonCode.ADVICE_ONLY)).check()
    demoted = told(store, clock)[-1]
    assert (demoted.kind, demoted.severity) == (NoticeKind.AGENT_DEMOTED, Severity.WARNING)


def test_the_agents_reasons_and_diagnosis_are_told_beside_the_rules(home, store, clock):
    proposal = Proposal(diagnosis=Diagnosis.NEW_CAMPAIGN, reasons=("Vocabulary drift is 0.23.",))
    loop_in(home, store, clock=clock, assistant=thinking(proposal=proposal)).check()
    alert = next(one for one in told(store, clock) if one.kind is NoticeKind.TROUBLE)
    assert alert.agent_reasons == ("Vocabulary drift is 0.23.",)
    assert "new campaign" in alert.diagnosis


def test_a_move_by_a_person_is_told_and_ends_the_trouble(home, store, clock):
    first = loop_in(home, store, DRIFTED, clock=clock).check().decision.decision_id
    told(store, clock)
    clock.forward(hours=1)
    version = add_version(store)
    promotion.promote(
        store.control,
        JudgedVersion(model=MODEL, version=version, verdict_id=add_verdict(store, version, 1), expected_generation=1),
        Provenance(who="ann", why="I looked at it", at=clock()),
    )
    notices = told(store, clock)[-2:]
    assert kinds(notices) == ["promoted", "resolved"]
    assert "by ann" in notices[0].headline
    assert {one.thread for one in notices} == {first}


def test_an_altered_decision_is_told_and_stops_nothing(home, store, clock):
    loop_in(home, store, DRIFTED, clock=clock).check()
    with store.control.begin() as connection:
        connection.execute(text("UPDATE ledger SET body = '{}' WHERE seq = 1"))
    notices = told(store, clock)
    assert NoticeKind.LEDGER_UNREADABLE in {one.kind for one in notices}
    loop_in(home, store, merged(CHALLENGER, DRIFTED), clock=clock).check()
    assert told(store, clock)[-1].kind is not NoticeKind.LEDGER_UNREADABLE


def test_each_notice_is_queued_once_for_each_channel_whoever_collects(home, store, clock):
    loop_in(home, store, clock=clock).check()
    one, two = collector(store, clock), collector(store, clock)
    while one.collect() + two.collect():
        pass
    with store.control.connect() as connection:
        rows = connection.execute(text("SELECT channel, notice_key FROM alert_outbox")).all()
    assert len(rows) == len(set(rows)) == 2 * len({key for _, key in rows})


def test_a_collector_that_dies_in_the_middle_leaves_nothing_half_done(home, store, clock):
    loop_in(home, store, clock=clock).check()
    collecting = collector(store, clock)

    class Dying(tuple):
        left = 4

        def __iter__(self):
            Dying.left -= 1
            if not Dying.left:
                raise KeyboardInterrupt  # between two notices of one batch
            return super().__iter__()

    broken = replace(collecting, channels=Dying(CHANNELS))
    with pytest.raises(KeyboardInterrupt):
        broken.collect()
    assert kinds(queued(store)) == ["promoted"]  # that of the champion before it
    assert len(told(store, clock)) > 3


def test_what_is_below_the_least_severity_is_left_out(home, store, clock):
    loop_in(home, store, clock=clock).check()
    assert set(kinds(told(store, clock, min_severity=Severity.WARNING))) == {"trouble", "resolved"}


def test_the_first_start_tells_nothing_that_is_older_than_a_day(home, store, clock):
    loop_in(home, store, clock=clock).check()
    clock.forward(hours=25)
    assert told(store, clock) == []
    loop_in(home, store, DRIFTED, clock=clock).check()
    assert "trouble" in kinds(told(store, clock))
    assert ledger.decisions(store.control)


def test_expected_readings_quote_no_message():
    readings = [
        {"statistic": "oov_gt", "raw": 0.12, "expected": 0.041, "alarm_at": 0.07, "z": 2.1, "size": 480},
        {"statistic": "js_vocab", "raw": 0.2, "expected": 0.19, "alarm_at": 0.3, "z": 0.1, "size": 480},
    ]
    patterns = [{"words": ["secret", "words"]}]
    said = expected_sentences({"drift": {"readings": readings, "new_patterns": patterns}})
    assert said[0].startswith("share of unseen words 12.0% against 4.1% expected at 480 messages")
    assert "secret" not in " ".join(said)
    assert expected_sentences({}) == expected_sentences({"drift": {"readings": [{"z": 1}]}}) == ()
