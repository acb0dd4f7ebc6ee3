"""A look asks as much of the database whatever number of looks was recorded before it."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.agent.fakes import Clock
from tests.agent.observing.looking import SMALL, loop_over
from tests.agent.traffic import answered, texts

ROWS = SMALL.monitoring.window_rows
# By then the last windows that a look compares with, and the first page of what was decided, are full.
SETTLED, SEVERAL, LOOKS = 12, 5, 40


class Steps:
    """Counts the steps of SQLite's virtual machine by statement: all that a query goes through, found or not."""

    def __init__(self, *engines):
        self.taken, self._statement = Counter(), ""
        for engine in engines:
            engine.dispose()  # the connections made before are not counted
            event.listen(engine, "connect", self._watch)
            event.listen(engine, "before_cursor_execute", self._begin)

    def _watch(self, connection, _):
        connection.set_progress_handler(self._step, 1)

    def _begin(self, connection, cursor, statement, *_):
        self._statement = statement

    def _step(self):
        self.taken[self._statement] += 1

    def of(self, act):
        self.taken.clear()
        act()
        return dict(self.taken)


@pytest.fixture
def looks(settings, world):
    """Looks one after the other, each at a full window of new messages; yields the steps of each by statement."""
    clock = Clock()
    loop, steps = loop_over(settings, world, clock), Steps(world.control, world.telemetry)

    def one_look(number):
        clock.forward(hours=1)
        answered(world, texts(ROWS, number), clock() - timedelta(minutes=30))
        return steps.of(lambda: loop.check(scheduled=True))

    return one_look


def test_a_look_takes_as_many_steps_in_the_database_however_many_came_before_it(looks):
    by_statement = [looks(number) for number in range(LOOKS)]
    # An id that happens to be the last of its index saves a step, so several looks stand for one.
    early, late = most(by_statement[SETTLED : SETTLED + SEVERAL]), least(by_statement[-SEVERAL:])
    assert sum(early.values()) > 1_000
    assert {query: (early[query], steps) for query, steps in late.items() if steps > early[query]} == {}


def most(looks):
    return Counter({query: max(look.get(query, 0) for look in looks) for query in set().union(*looks)})


def least(looks):
    return Counter({query: min(look.get(query, 0) for look in looks) for query in set().union(*looks)})
