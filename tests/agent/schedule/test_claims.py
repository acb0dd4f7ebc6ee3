"""One answer for each time of a plan, and agents that know each other, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from agent.schedule.calendar import Kind, Plan
from agent.schedule.claims import AHEAD, claim, claimed_until, newest_claim
from agent.schedule.presence import EVERYTHING, PRESENT, Presence, crew_name
from agent.schedule.showing import schedule_body
from pipeline.store.control import leases
from pipeline.store.open import open_store
from tests.agent.fakes import NOON

ON_POSTGRESQL_TOO = True

TTL = timedelta(seconds=60)
PLAN = Plan(model="m", kind=Kind.LOOK, every=timedelta(hours=1))


@pytest.fixture
def other_store(settings, store):
    """The same databases, as another process has them open."""
    opened = open_store(settings)
    yield opened
    opened.close()


def test_agents_know_each_other_until_they_end_or_are_silent_for_too_long(store, other_store):
    one, other = Presence(store.control, "one", TTL), Presence(other_store.control, "other", TTL)
    one.announce(NOON)
    other.announce(NOON)
    assert one.agents(NOON) == other.agents(NOON) == ["one", "other"]
    one.announce(NOON + TTL)
    assert one.agents(NOON + TTL) == ["one"]
    one.close(NOON + TTL)
    assert other.agents(NOON + TTL) == []


def test_agents_of_other_models_are_not_counted(store):
    everybody, crew = Presence(store.control, "one", TTL), crew_name(["a"], ["a", "b"])
    Presence(store.control, "two", TTL, crew).announce(NOON)
    everybody.announce(NOON)
    assert everybody.agents(NOON) == ["one"]
    assert crew_name(["b", "a"], ["a", "b"]) == EVERYTHING


def test_an_agent_goes_on_with_its_lease_and_one_that_starts_anew_under_its_name_takes_it(store, other_store):
    one, again = Presence(store.control, "one", TTL), Presence(other_store.control, "one", TTL)
    old = one.announce(NOON)
    assert one.announce(NOON + TTL / 2) == old
    new = again.announce(NOON + TTL / 2)
    assert new.token > old.token
    assert not claim(store.control, old, PLAN, NOON, NOON + TTL / 2)
    assert claim(store.control, new, PLAN, NOON, NOON + TTL / 2)


def test_the_rows_of_agents_that_ended_long_ago_are_cleared_away(store):
    Presence(store.control, "old", TTL).announce(NOON - timedelta(days=3))
    Presence(store.control, "new", TTL).announce(NOON)
    with store.control.connect() as connection:
        names = connection.execute(select(leases.c.name).where(leases.c.name.startswith(PRESENT))).scalars().all()
    assert names == [f"{PRESENT}{EVERYTHING}:new"]


def test_a_time_is_answered_for_once_and_never_an_older_one(store):
    place = Presence(store.control, "one", TTL).announce(NOON)
    assert claim(store.control, place, PLAN, NOON, NOON)
    assert not claim(store.control, place, PLAN, NOON, NOON)
    assert not claim(store.control, place, PLAN, NOON - PLAN.every, NOON)
    assert newest_claim(store.control, PLAN).due_at == NOON


def test_of_many_claims_at_once_one_succeeds(settings, store):
    place = Presence(store.control, "one", TTL).announce(NOON)

    def take(_):
        own = open_store(settings)
        try:
            return claim(own.control, place, PLAN, NOON, NOON)
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_a_claim_of_a_clock_that_was_put_back_does_not_stop_the_schedule(store):
    place = Presence(store.control, "one", TTL).announce(NOON)
    ahead = NOON + timedelta(days=365)
    assert claim(store.control, place, PLAN, ahead, ahead)
    assert claimed_until(store.control, PLAN, NOON) is None
    assert claimed_until(store.control, PLAN, ahead - AHEAD) == ahead
    assert claim(store.control, place, PLAN, NOON, NOON)
    assert claimed_until(store.control, PLAN, NOON) == NOON


def test_the_schedule_shows_who_looks_and_what_is_next(store):
    assert schedule_body(store.control, [PLAN], NOON)["agents"] == []
    place = Presence(store.control, "one", TTL).announce(NOON)
    body = schedule_body(store.control, [PLAN], NOON)
    assert (body["agents"], body["plans"][0]["next_at"]) == (["one"], NOON)  # never looked at: at once
    claim(store.control, place, PLAN, NOON, NOON)
    (row,) = schedule_body(store.control, [PLAN], NOON)["plans"]
    assert (row["last_at"], row["last_by"], row["next_at"]) == (NOON, "one", NOON + PLAN.every)
