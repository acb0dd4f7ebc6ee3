"""Whose turn it is to look at announced data: the first agent's at once, another's when that one lets it wait."""

from datetime import UTC, datetime, timedelta

from agent.schedule.assignment import ranking
from agent.schedule.clockwork import Clockwork
from agent.schedule.duties import Duties
from agent.schedule.housekeeping import Housekeeping
from agent.schedule.presence import Presence
from agent.schedule.turns import Turns
from tests.waiting import until

ON_POSTGRESQL_TOO = True

MODELS = [f"model_{number}" for number in range(10)]


def test_announced_data_that_an_agent_fails_to_look_at_another_looks_at(store):
    """The other agent is there, and first for some of the models, and does nothing."""
    Presence(store.control, "stuck", timedelta(hours=1)).announce(datetime.now(UTC))
    waiting = set(MODELS)
    assert any(ranking(model, ["one", "stuck"])[0] == "stuck" for model in MODELS)
    works = Clockwork(
        Turns(store.control, [], Presence(store.control, "one", timedelta(seconds=60)), patience_seconds=0.5),
        Duties(
            looks={},
            arrivals={model: lambda model=model: waiting.discard(model) for model in MODELS},
            arrived=lambda: list(waiting),
        ),
        Housekeeping(),
        clock=lambda: datetime.now(UTC),
        tick_seconds=0.1,
    )
    works.start()
    try:
        until(lambda: not waiting)
    finally:
        works.close()


def test_announced_data_is_the_first_agents_until_it_lets_it_wait(store):
    now, presence = datetime.now(UTC), Presence(store.control, "one", timedelta(hours=1))
    Presence(store.control, "other", timedelta(hours=1)).announce(now)
    turns = Turns(store.control, [], presence, patience_seconds=5.0)
    mine = sorted(model for model in MODELS if ranking(model, ["one", "other"])[0] == "one")
    assert turns.of_announced(MODELS, now) == []  # it is not among the agents yet
    assert turns.announce(now)
    assert turns.of_announced(MODELS, now) == mine
    assert turns.of_announced(MODELS, now + timedelta(seconds=4)) == mine
    assert turns.of_announced(MODELS, now + timedelta(seconds=5)) == sorted(MODELS)
    # What was looked at meanwhile and is announced again waits anew.
    assert turns.of_announced([], now + timedelta(seconds=6)) == []
    assert turns.of_announced(MODELS, now + timedelta(seconds=7)) == mine
