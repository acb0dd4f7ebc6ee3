"""Two hands on one model at once: what one has checked still holds when it writes, on either database."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
from sqlalchemy import event

from pipeline.errors import ConcurrentChangeError
from pipeline.records import JudgedVersion, Provenance
from pipeline.releases.pins import active_pin, unpin
from pipeline.releases.promotion import pin, pointer, promote
from tests.pipeline.builders import NOON, add_verdict, add_version

M = "sms_spam"
BY = Provenance(who="test", why="because", at=NOON)
# A second hand that has to wait for the first is given this long to show that it does not.
SECONDS = 2.0


@pytest.fixture
def two(settings, store):
    """Version 1 is champion; version 2 may become it."""
    for version in (1, 2):
        add_version(settings, store, version)
    promote(store.control, judged(store, 1, None, 0), BY)
    return store


def judged(store, version, champion, generation):
    verdict = add_verdict(store, version, champion=champion)
    return JudgedVersion(model=M, version=version, verdict_id=verdict, expected_generation=generation)


def between_check_and_write(engine, table, pool, act) -> list[Future]:
    """Let `act` begin in another thread when the first row is about to be written into that table."""
    begun: list[Future] = []

    @event.listens_for(engine, "before_cursor_execute")
    def other_hand(connection, cursor, statement, *_):
        if not begun and statement.startswith(f"INSERT INTO {table}"):
            begun.append(pool.submit(act))
            wait(begun, SECONDS)

    return begun


def test_a_pin_between_the_check_and_the_move_of_a_promotion_waits_and_loses(two):
    move = judged(two, 2, 1, 1)
    with ThreadPoolExecutor(1) as pool:
        pinning = between_check_and_write(
            two.control, "promotions", pool, lambda: pin(two.control, M, 1, BY, back=False)
        )
        promote(two.control, move, BY)
        with pytest.raises(ConcurrentChangeError):
            pinning[0].result()
    assert pointer(two.control, M).version == 2
    assert active_pin(two.control, M, NOON) is None


def test_of_two_hands_that_lift_one_pin_the_second_is_told_so(two):
    held, _ = pin(two.control, M, 1, BY, back=False)
    with ThreadPoolExecutor(1) as pool:
        lifting = between_check_and_write(
            two.control, "pins", pool, lambda: unpin(two.control, M, held.seq, replace(BY, who="second"))
        )
        assert unpin(two.control, M, held.seq, BY) == held
        with pytest.raises(ConcurrentChangeError, match="is not held by pin"):
            lifting[0].result()
