"""Announced data whose look fails: every failure counts, pauses count from it, and no model hides another's events."""

from datetime import timedelta

import pytest

from agent.errors import AgentError
from agent.schedule import data_events
from agent.schedule.arrivals import look_at_arrivals
from agent.schedule.data_events import LOOKED_AT, MOST_ATTEMPTS, EventState
from pipeline.store.control import data_events as table
from tests.agent.fakes import MODEL, NOON
from tests.agent.world import loop_in

ON_POSTGRESQL_TOO = True

HOUR = timedelta(hours=1)


def announced(store, model=MODEL, event_id="e1", at=NOON):
    return data_events.announce(store.control, model=model, source="test", rows=1, event_id=event_id, now=at)[0]


def waiting(store, at):
    return set(data_events.waiting(store.control, at))


def failed(store, at, model=MODEL):
    data_events.failed(store.control, data_events.waiting(store.control, at)[model], "AgentError", at)


@pytest.mark.parametrize("error", [AgentError("no luck"), RuntimeError("a bug"), OSError("no disk")])
def test_whatever_a_look_raises_is_counted_and_paused(home, store, monkeypatch, error):
    loop = loop_in(home, store)
    announced(store)

    def fail(_self, **_):
        raise error

    monkeypatch.setattr(type(loop), "check", fail)
    with pytest.raises(type(error)):
        look_at_arrivals(store, loop, loop.clock)
    (event,) = data_events.events(store.control)
    assert (event.attempts, event.last_error) == (1, type(error).__name__)
    assert waiting(store, loop.clock()) == set()


def test_the_pauses_of_an_old_event_count_from_its_attempts(store):
    announced(store, at=NOON - HOUR)
    now, looks = NOON, 0
    while waiting(store, now):
        failed(store, now)
        looks += 1
        now += timedelta(seconds=5)  # the next tick of the clockwork
    assert looks == 1
    (event,) = data_events.events(store.control)
    assert event.retry_at == NOON + data_events.pause_after(1)
    assert waiting(store, event.retry_at) == {MODEL}


def test_each_pause_is_longer_and_the_last_attempt_gives_up(store):
    announced(store)
    now, pauses = NOON, []
    for _ in range(MOST_ATTEMPTS - 1):
        failed(store, now)
        (event,) = data_events.events(store.control)
        pauses.append(event.retry_at - now)
        now = event.retry_at
    assert pauses == sorted(set(pauses))
    failed(store, now)
    (event,) = data_events.events(store.control)
    assert (event.state, event.attempts, event.retry_at) == (EventState.GIVEN_UP, MOST_ATTEMPTS, None)


def test_events_that_failed_differently_often_each_count_one_more(store):
    announced(store, event_id="old")
    failed(store, NOON)
    announced(store, event_id="new")
    failed(store, NOON + HOUR)
    assert [event.attempts for event in data_events.events(store.control)] == [1, 2]


def test_a_flood_for_one_model_hides_no_other_model(store):
    flood = [
        {
            "event_key": f"loud:{number}",
            "model": "loud",
            "source": "test",
            "state": EventState.QUEUED.value,
            "attempts": 0,
            "received_at": NOON,
        }
        for number in range(LOOKED_AT + 1)
    ]
    with store.control.begin() as connection:
        connection.execute(table.insert(), flood)
    quiet = announced(store, model="quiet", at=NOON + HOUR)
    found = data_events.waiting(store.control, NOON + HOUR)
    assert set(found) == {"loud", "quiet"}
    assert len(found["loud"]) == LOOKED_AT
    data_events.handled(store.control, found["loud"], "d1", NOON + HOUR)
    assert len(data_events.waiting(store.control, NOON + HOUR)["loud"]) == 1
    assert quiet.state is EventState.QUEUED


def test_events_that_pause_hide_no_later_ones(store):
    announced(store, model="failing")
    failed(store, NOON, model="failing")
    announced(store, model="failing", event_id="e2")
    announced(store, model="quiet")
    found = data_events.waiting(store.control, NOON)
    assert {model: len(places) for model, places in found.items()} == {"failing": 1, "quiet": 1}
