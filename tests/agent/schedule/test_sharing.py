"""Several agents share the groups of models: evenly, each group led once, and a dead agent's are taken over."""

from collections import Counter
from datetime import timedelta

import pytest

from agent.schedule.sharing import Share, group_of, lead_name
from pipeline.store.open import open_store
from tests.agent.fakes import NOON

ON_POSTGRESQL_TOO = True

TTL = timedelta(seconds=60)
GROUPS = 6


@pytest.fixture
def agents(settings, store):
    """Makes agents, each with connections of its own, as processes have them."""
    stores = []

    def make(name):
        stores.append(open_store(settings))
        share = Share(stores[-1].control, name, TTL, GROUPS)
        return [share.of(group) for group in range(GROUPS)]

    yield make
    for opened in stores:
        opened.close()


def led(leads, now):
    """The groups that an agent leads after it has asked for each."""
    return {group for group, lead in enumerate(leads) if lead.lead(now) is not None}


def rounds(now, *agents):
    """What each leads after all have asked a few times."""
    for _ in range(3):
        found = [led(agent, now) for agent in agents]
    return found


def test_an_agent_that_is_alone_leads_every_group(agents):
    assert rounds(NOON, agents("one")) == [set(range(GROUPS))]


def test_an_agent_that_joins_gets_its_part_and_no_group_has_two_leaders(agents):
    one, other = agents("one"), agents("other")
    rounds(NOON, one)
    mine, theirs = rounds(NOON, one, other)
    assert len(mine) == len(theirs) == GROUPS // 2
    assert mine | theirs == set(range(GROUPS))


def test_the_groups_of_an_agent_that_ends_are_taken_over(agents):
    one, other = agents("one"), agents("other")
    rounds(NOON, one, other)
    for lead in other:
        lead.close(NOON)
    assert rounds(NOON, one) == [set(range(GROUPS))]


def test_models_fall_into_every_group_and_always_into_the_same():
    models = [f"model_{number}" for number in range(500)]
    sizes = Counter(group_of(model, GROUPS) for model in models)
    assert set(sizes) == set(range(GROUPS))
    assert group_of("sms_spam", 1) == 0
    assert [group_of(model, GROUPS) for model in models] == [group_of(model, GROUPS) for model in models]


def test_one_group_has_the_lead_of_the_schedule_as_ever():
    assert lead_name(0) == "scheduler"
    assert len({lead_name(group) for group in range(GROUPS)}) == GROUPS
