"""A few looks begin at a time, a slow one holds up no other, and at the end nothing begins any more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from agent.schedule.pace import Pace
from agent.schedule.waiting import Waiting

SECONDS = 240.0
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_no_more_begin_at_a_time_than_there_are_places():
    pace, lock, under_way, most = Pace(places=2, kept_seconds=10 * SECONDS), Lock(), [0], [0]

    def look(_):
        with pace.place() as may_begin:
            assert may_begin
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            with lock:
                under_way[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(look, range(100)))) == 100
    assert most[0] <= 2


def test_one_that_takes_long_gives_its_place_away_and_goes_on():
    pace, go = Pace(places=1, kept_seconds=0.01), Event()

    def slow():
        with pace.place():
            assert go.wait(SECONDS)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow)
        with pace.place() as may_begin:
            assert may_begin
            assert not waiting.done()
            go.set()
        waiting.result(SECONDS)


def test_who_waits_is_sent_away_at_the_end():
    pace, begun = Pace(places=1, kept_seconds=10 * SECONDS), Event()

    def late():
        begun.set()
        with pace.place() as may_begin:
            return may_begin

    with ThreadPoolExecutor(1) as pool, pace.place():
        waiting = pool.submit(late)
        assert begun.wait(SECONDS)
        pace.close()
        assert waiting.result(SECONDS) is False


def test_what_waits_is_tried_by_one_at_a_time_and_waits_since_it_began_to():
    waiting = Waiting()
    waiting.add(["a", "b"], NOON)
    waiting.add(["a"], NOON + timedelta(hours=1))
    assert waiting.waited("a", NOON + timedelta(hours=1)) == timedelta(hours=1)
    with waiting.alone("a") as alone, waiting.alone("a") as second:
        assert (alone, second) == (True, False)
        assert waiting.untried() == ["b"]
    assert waiting.untried() == ["a", "b"]
    waiting.count_anew(NOON - timedelta(days=1))
    assert waiting.waited("b", NOON - timedelta(days=1)) == timedelta(0)
    waiting.drop("b")
    assert waiting.untried() == ["a"]
    assert waiting.waited("b", NOON) == timedelta(0)
