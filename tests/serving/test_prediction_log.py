"""The log of predictions: batches, back-pressure, a store that is away, rows that a store refuses."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from serving.prediction_log import Entry, PredictionLog
from tests.waiting import until

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entry(number: int) -> Entry:
    return Entry(
        prediction_id=f"p{number}",
        model="sms_spam",
        version=1,
        slot="champion",
        at=NOW,
        input="win",
        prediction=1,
        score=0.9,
    )


class FakeStore:
    """Takes batches, all or nothing; `away` and `refused` say which it does not take, `refusal` how."""

    def __init__(self, refused: Sequence[str] = (), refusal: type[DBAPIError] = DataError):
        self.away = False
        self.refused = set(refused)
        self.refusal = refusal
        self.batches: list[list[str]] = []

    def write(self, entries: Sequence[Entry]) -> None:
        ids = [found.prediction_id for found in entries]
        if self.away:
            raise OperationalError("insert", {}, Exception("away"))
        if self.refused.intersection(ids):
            raise self.refusal("insert", {}, Exception("a row of it"))
        self.batches.append(ids)

    @property
    def rows(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


def log_to(store: FakeStore, capacity: int = 1_000) -> PredictionLog:
    return PredictionLog(store.write, capacity=capacity, batch_rows=10, flush_seconds=0.01)


def offer(log: PredictionLog, count: int, start: int = 0) -> int:
    return sum(log.offer(entry(number)) for number in range(start, start + count))


def test_records_are_written_in_order_in_batches() -> None:
    store = FakeStore()
    log = log_to(store)
    offer(log, 25)
    log.start()
    log.close(5)
    assert [len(batch) for batch in store.batches] == [10, 10, 5]
    assert store.rows == [f"p{number}" for number in range(25)]
    assert (log.state().written, log.state().waiting, log.state().dropped) == (25, 0, 0)


def test_a_full_queue_takes_no_more_and_says_so() -> None:
    log = log_to(FakeStore(), capacity=20)
    assert offer(log, 25) == 20
    assert log.state().waiting == 20


def test_a_store_that_is_away_gets_the_same_rows_when_it_is_back() -> None:
    store = FakeStore()
    store.away = True
    log = log_to(store)
    log.start()
    offer(log, 25)
    until(lambda: log.state().failures > 1)
    assert log.state().problem is not None
    assert not log.can_wait()
    assert log.state().waiting == 25
    store.away = False
    until(lambda: log.state().written == 25)
    assert log.state().problem is None
    log.close(1)
    assert store.rows == [f"p{number}" for number in range(25)]


def test_what_a_shutdown_cannot_write_is_counted_as_dropped(caplog: pytest.LogCaptureFixture) -> None:
    store = FakeStore()
    store.away = True
    log = log_to(store)
    offer(log, 25)
    log.start()
    log.close(0.05)
    assert log.state().dropped == 25
    assert "25 predictions could not be written" in caplog.text


@pytest.mark.parametrize("refusal", [DataError, IntegrityError])
def test_a_row_that_the_store_refuses_is_counted_and_the_others_are_written(refusal: type[DBAPIError]) -> None:
    store = FakeStore(["p3"], refusal)
    log = log_to(store)
    offer(log, 12)
    log.start()
    log.close(5)
    assert store.rows == [f"p{number}" for number in range(12) if number != 3]
    assert (log.state().written, log.state().refused) == (11, 1)


@pytest.mark.parametrize("refusal", [DataError, IntegrityError])
def test_an_answer_whose_row_is_refused_is_not_called_committed(refusal: type[DBAPIError]) -> None:
    log = log_to(FakeStore(["p1"], refusal))
    log.start()

    async def commits() -> list[bool]:
        return await asyncio.gather(*[log.promise(entry(number)) for number in range(3)])

    assert asyncio.run(commits()) == [True, False, True]
    log.close(5)
