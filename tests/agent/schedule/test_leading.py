"""One leader among several agents, on both databases."""

from datetime import timedelta

import pytest

from agent.schedule.leading import leader, leadership
from pipeline.store.open import open_store
from tests.agent.fakes import NOON

ON_POSTGRESQL_TOO = True

TTL = timedelta(seconds=60)


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
    assert leader(store.control, NOON) == "one"
    assert one.lead(NOON + TTL / 2) == first
    one.close(NOON + TTL / 2)
    assert leader(store.control, NOON + TTL / 2) is None
    second = other.lead(NOON + TTL / 2)
    assert second is not None
    assert second.token > first.token
    other.close(NOON + TTL)


def test_who_slept_through_its_replacement_leads_no_more(store, other_store):
    one, other = leadership(store.control, "one", TTL), leadership(other_store.control, "other", TTL)
    assert one.lead(NOON) is not None
    if store.control.dialect.name == "postgresql":
        one.close(NOON)  # the server does it when the process or its machine is gone
    late = NOON + 2 * TTL
    assert other.lead(late) is not None
    assert one.lead(late) is None
    assert leader(store.control, late) == "other"
    other.close(late)
