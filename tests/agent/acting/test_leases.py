"""Leases: one holder at a time, a token that grows, no way back for one who lost it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select

from agent.acting import leases
from agent.errors import BusyError, LeaseLostError
from pipeline.store.open import open_store
from tests.agent.fakes import NOON
from tests.waiting import until

ON_POSTGRESQL_TOO = True

TTL = timedelta(seconds=60)


def test_a_held_lease_keeps_others_out_until_it_runs_out(store):
    first = leases.acquire(store.control, "m", "one", NOON, TTL)
    with pytest.raises(BusyError, match="one is working on m"):
        leases.acquire(store.control, "m", "two", NOON + TTL - timedelta(seconds=1), TTL)
    second = leases.acquire(store.control, "m", "two", NOON + TTL, TTL)
    assert second.token == first.token + 1


def test_a_renewed_lease_lasts_longer(store):
    lease = leases.acquire(store.control, "m", "one", NOON, TTL)
    leases.renew(store.control, lease, NOON + TTL / 2, TTL)
    with pytest.raises(BusyError):
        leases.acquire(store.control, "m", "two", NOON + TTL, TTL)


def test_who_lost_a_lease_can_neither_renew_nor_release_it(store):
    lost = leases.acquire(store.control, "m", "one", NOON, TTL)
    leases.acquire(store.control, "m", "two", NOON + TTL, TTL)
    with pytest.raises(LeaseLostError):
        leases.renew(store.control, lost, NOON + TTL, TTL)
    leases.release(store.control, lost, NOON + TTL)
    with pytest.raises(BusyError, match="two"):
        leases.acquire(store.control, "m", "three", NOON + TTL, TTL)


def test_a_released_lease_is_free_at_once(store):
    with leases.held(store.control, "m", "one", lambda: NOON, TTL) as first:
        pass
    assert leases.acquire(store.control, "m", "two", NOON, TTL).token == first.token + 1


def test_a_lease_is_kept_while_its_block_runs(store):
    seconds = count()

    def clock():
        return NOON + timedelta(seconds=next(seconds))

    def expires_at():
        with store.control.connect() as connection:
            return connection.execute(select(leases.table.c.expires_at)).scalar_one()

    with leases.held(store.control, "m", "one", clock, timedelta(milliseconds=60)):
        first = expires_at()
        until(lambda: expires_at() > first, "a renewal of the lease")


def test_of_many_at_once_one_gets_the_lease(settings, store):
    def take(name):
        own = open_store(settings)
        try:
            return leases.acquire(own.control, "m", name, NOON, TTL).holder
        except BusyError:
            return None
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        assert len([holder for holder in pool.map(take, "abcdefgh") if holder]) == 1
