"""One leader among several agents, and one answer for each time of a plan, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from agent.schedule.calendar import Kind, Plan
from agent.schedule.claims import AHEAD, claim, claimed_until, newest_claim
from agent.schedule.leading import leadership
from agent.schedule.showing import schedule_body
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


def test_of_two_agents_one_leads_and_the_other_follows_when_it_ends(store, other_store):
    one, other = leadership(store.control, "one", TTL), leadership(other_store.control, "other", TTL)
    first = one.lead(NOON)
    assert first is not None
    assert other.lead(NOON) is None
    assert one.lead(NOON + TTL / 2) == first
    one.close(NOON + TTL / 2)
    second = other.lead(NOON + TTL / 2)
    assert second is not None
    assert second.token > first.token
    other.close(NOON + TTL)


def test_who_was_replaced_can_claim_nothing_any_more(store, other_store):
    one, other = leadership(store.control, "one", TTL), leadership(other_store.control, "other", TTL)
    old = one.lead(NOON)
    assert claim(store.control, old, PLAN, NOON, NOON)
    if store.control.dialect.name == "postgresql":
        one.close(NOON)  # the server does it when the process or its machine is gone
    new = other.lead(NOON + 2 * TTL)
    assert not claim(store.control, old, PLAN, NOON + PLAN.every, NOON + PLAN.every)
    assert claim(other_store.control, new, PLAN, NOON + PLAN.every, NOON + PLAN.every)
    other.close(NOON)


def test_a_time_is_answered_for_once_and_never_an_older_one(store):
    lead = leadership(store.control, "one", TTL).lead(NOON)
    assert claim(store.control, lead, PLAN, NOON, NOON)
    assert not claim(store.control, lead, PLAN, NOON, NOON)
    assert not claim(store.control, lead, PLAN, NOON - PLAN.every, NOON)
    assert newest_claim(store.control, PLAN).due_at == NOON


def test_of_many_claims_at_once_one_succeeds(settings, store):
    keeper = leadership(store.control, "one", TTL)
    lead = keeper.lead(NOON)

    def take(_):
        own = open_store(settings)
        try:
            return claim(own.control, lead, PLAN, NOON, NOON)
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_a_claim_of_a_clock_that_was_put_back_does_not_stop_the_schedule(store):
    lead = leadership(store.control, "one", TTL).lead(NOON)
    ahead = NOON + timedelta(days=365)
    assert claim(store.control, lead, PLAN, ahead, ahead)
    assert claimed_until(store.control, PLAN, NOON) is None
    assert claimed_until(store.control, PLAN, ahead - AHEAD) == ahead
    assert claim(store.control, lead, PLAN, NOON, NOON)
    assert claimed_until(store.control, PLAN, NOON) == NOON


def test_the_schedule_shows_who_leads_and_what_is_next(store):
    keeper = leadership(store.control, "one", TTL)
    assert schedule_body(store.control, [PLAN], NOON)["leader"] is None
    lead = keeper.lead(NOON)
    body = schedule_body(store.control, [PLAN], NOON)
    assert (body["leader"], body["plans"][0]["next_at"]) == ("one", NOON)  # never looked at: at once
    claim(store.control, lead, PLAN, NOON, NOON)
    (row,) = schedule_body(store.control, [PLAN], NOON)["plans"]
    assert (row["last_at"], row["last_by"], row["next_at"]) == (NOON, "one", NOON + PLAN.every)
