"""Models are spread evenly over agents, and as few as can be move when an agent comes or goes."""

from collections import Counter
from datetime import timedelta
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.schedule.assignment import may_do, ranking

MODELS = [f"model_{number}" for number in range(500)]
AGENTS = st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=8, unique=True)
PATIENCE = timedelta(seconds=5)


def first(model, agents):
    return ranking(model, agents)[0]


@settings(max_examples=25, deadline=None)
@given(AGENTS)
def test_five_hundred_models_are_spread_evenly(agents):
    """Each agent has its part, give or take six standard deviations of a fair draw."""
    part = 1 / len(agents)
    slack = 6 * sqrt(len(MODELS) * part * (1 - part))
    counts = Counter(first(model, agents) for model in MODELS)
    assert all(abs(counts[agent] - len(MODELS) * part) <= slack for agent in agents)


@settings(max_examples=25, deadline=None)
@given(AGENTS)
def test_when_an_agent_comes_or_goes_only_its_own_models_move(agents):
    *others, one = agents
    for model in MODELS:
        before, after = first(model, agents), first(model, others)
        assert after == before or before == one


@given(AGENTS, st.sampled_from(MODELS), st.randoms())
def test_the_order_in_which_agents_are_known_changes_nothing(agents, model, random):
    shuffled = [*agents, agents[0]]
    random.shuffle(shuffled)
    assert ranking(model, shuffled) == ranking(model, agents)
    assert sorted(ranking(model, agents)) == sorted(agents)


@given(AGENTS, st.sampled_from(MODELS))
def test_at_once_it_is_the_turn_of_exactly_one_and_later_of_one_more_each_time(agents, model):
    for place in range(len(agents)):
        at = [agent for agent in agents if may_do(model, agent, agents, PATIENCE * place, PATIENCE)]
        assert len(at) == place + 1
    almost = PATIENCE - timedelta(microseconds=1)
    assert sum(may_do(model, agent, agents, almost, PATIENCE) for agent in agents) == 1


def test_an_agent_that_nobody_knows_has_its_turn_too():
    assert may_do("a", "alone", [], timedelta(0), PATIENCE)
