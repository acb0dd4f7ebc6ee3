"""An unresolved incident is told once, then noted as repeated; what is new about it is told at once."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from agent.actions import Action, Headline
from agent.deliberation.proposal import Deliberation, Proposal
from agent.observing.evidence import Observation
from agent.record import ledger
from agent.record.ledger import EntryKind
from agent.record.past import summarise
from pipeline.releases.promotion import pointer
from tests.agent.builders import DRIFTED, evidence_with, merged
from tests.agent.fakes import MODEL, Clock, FixedAssistant
from tests.agent.world import loop_in

STALE = {"drift": {"status": "stale", "vocabulary_drift": None, "tfidf_drift": None, "hours_since_last_message": 60.0}}
WRONG = {"accuracy": {"estimate": 0.85, "p_below_floor": 0.999}}


@dataclass
class WithPast:
    """Sees what a test says, with the incident that the ledger names."""

    store: object
    seen: list = field(default_factory=list)

    def observe(self, now, *, scheduled):
        evidence = evidence_with(self.seen[0])
        lately = summarise(ledger.decisions(self.store.control, MODEL), [], now, evidence.champion.generation, None, [])
        history = replace(evidence.history, incident_id=lately.incident_id)
        return Observation(evidence=replace(evidence, history=history))


def world(home, store, first, **changes):
    observer, clock = WithPast(store, [first]), Clock()
    return loop_in(home, store, observer=observer, clock=clock, **changes), observer, clock


def alert_of(store, made, action=Action.ALERT):
    entries = ledger.entries_of(store.control, made.decision.decision_id)
    done = [entry.body for entry in entries if entry.kind == EntryKind.EFFECT_DONE]
    (result,) = [body["result"] for body in done if body["action"] == action]
    return result


def test_the_same_breach_is_told_once_and_noted_as_repeated_after_that(home, store):
    loop, _, clock = world(home, store, DRIFTED)
    made = []
    for _ in range(3):
        made.append(loop.check())
        clock.forward(hours=1)
    told = [alert_of(store, one) for one in made]
    first = made[0].decision.decision_id
    assert [one["repeated_of"] for one in told] == [None, first, first]
    assert {one["incident_id"] for one in told} == {first}
    assert {one.decision.headline for one in made} == {Headline.ALERT}, "the decision itself stays what it is"
    asked = [alert_of(store, one, Action.REQUEST_LABELS)["repeated_of"] for one in made]
    assert asked == [None, first, first]


def test_an_incident_that_lasts_is_news_again_after_a_day(home, store):
    loop, _, clock = world(home, store, DRIFTED)
    first = loop.check()
    clock.forward(hours=23.9)
    assert alert_of(store, loop.check())["repeated_of"] == first.decision.decision_id
    clock.forward(hours=0.1)
    again = loop.check()
    assert alert_of(store, again)["repeated_of"] is None
    clock.forward(hours=1)
    assert alert_of(store, loop.check())["repeated_of"] == again.decision.decision_id


def test_a_second_breach_in_the_same_incident_is_news(home, store):
    loop, observer, clock = world(home, store, DRIFTED)
    first = loop.check()
    observer.seen[0] = merged(DRIFTED, WRONG)
    clock.forward(hours=1)
    told = alert_of(store, loop.check())
    assert (told["repeated_of"], told["incident_id"]) == (None, first.decision.decision_id)


def test_a_breach_that_comes_back_after_a_calm_window_is_another_incident(home, store):
    loop, observer, clock = world(home, store, DRIFTED)
    first = loop.check()
    for seen in ({}, DRIFTED):
        observer.seen[0] = seen
        clock.forward(hours=1)
        made = loop.check()
    told = alert_of(store, made)
    assert (told["repeated_of"], told["incident_id"]) == (None, made.decision.decision_id)
    assert made.decision.decision_id != first.decision.decision_id


def test_a_window_that_judges_nothing_does_not_end_an_incident(home, store):
    loop, observer, clock = world(home, store, DRIFTED)
    first = loop.check()
    filling = {"drift": {"status": "filling", "vocabulary_drift": None, "tfidf_drift": None}}
    for seen in (filling, DRIFTED):
        observer.seen[0] = seen
        clock.forward(hours=1)
        made = loop.check()
    assert alert_of(store, made)["repeated_of"] == first.decision.decision_id


def test_messages_that_have_stopped_are_one_incident_too(home, store):
    loop, _, clock = world(home, store, STALE)
    first = loop.check()
    clock.forward(hours=1)
    assert alert_of(store, loop.check())["repeated_of"] == first.decision.decision_id


def test_a_promotion_ends_the_incident(home, store):
    loop, observer, clock = world(home, store, merged(DRIFTED, {"training": {"new_labels": 240}}))
    loop.check()
    assert pointer(store.control, MODEL).generation == 2
    observer.seen[0] = merged(DRIFTED, {"champion": {"version": 2, "generation": 2}})
    clock.forward(hours=1)
    assert alert_of(store, loop.check())["repeated_of"] is None


def test_an_alert_that_the_agent_alone_wanted_is_told(home, store):
    wants = FixedAssistant(Deliberation(asked=True, proposal=Proposal(actions=frozenset({Action.ALERT}))))
    loop, _, clock = world(home, store, {}, assistant=wants)
    for _ in range(2):
        assert alert_of(store, loop.check())["repeated_of"] is None
        clock.forward(hours=1)


def test_an_incident_keeps_its_name_however_long_it_lasts(home, store):
    loop, _, clock = world(home, store, DRIFTED, tell_again_after=timedelta(hours=2))
    first = loop.check()
    for _ in range(6):
        clock.forward(hours=1)
        made = loop.check()
    newest = ledger.decisions(store.control, MODEL, 2)
    assert summarise(newest, [], clock(), 1, None, []).incident_id == first.decision.decision_id
    assert alert_of(store, made)["incident_id"] == first.decision.decision_id
