"""How long answers took, minute by minute: nothing is counted twice or lost, whatever the store and the clock do."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.errors import StoreError
from pipeline.monitoring.latency import added, percentile_ms
from pipeline.settings import PipelineSettings
from pipeline.store.latencies import HOUR, MINUTE, Latencies, latencies_of, save_latencies
from pipeline.store.open import open_store
from serving.counters import Counters
from serving.latency_history import MOST_WAITING, LatencyHistory
from tests.postgresql import BOTH_DATABASES
from tests.serving.running import ServerProcess, service
from tests.serving.test_many_models import NUMERIC, VALUES, numeric_content
from tests.serving.world import MODEL, World
from tests.waiting import until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = timedelta(days=1)


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(params=BOTH_DATABASES)
def telemetry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    settings = PipelineSettings(_env_file=None, home=tmp_path)
    if request.param == "postgresql":
        settings = request.getfixturevalue("postgresql_server").fresh_pair(tmp_path)
    store = open_store(settings)
    yield store.telemetry
    store.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def counters() -> Counters:
    return Counters([MODEL, "other"])


def history(counters: Counters, telemetry: Engine, time: Time) -> LatencyHistory:
    return LatencyHistory(counters, lambda rows: save_latencies(telemetry, rows), time)


def answer(counters: Counters, times: int, milliseconds: float = 1.0, version: int = 1, model: str = MODEL) -> None:
    for _ in range(times):
        counters.answered(model, version, round(milliseconds * 1e6))


def rows(telemetry: Engine, seconds: int = MINUTE, model: str = MODEL) -> list[Latencies]:
    return list(latencies_of(telemetry, model, seconds=seconds, since=NOON - LONG, until=NOON + LONG))


def counted(found: Sequence[Latencies]) -> list[tuple[datetime, int, int]]:
    return [(row.at, row.version, row.requests) for row in found]


def test_each_minute_has_what_was_answered_in_it_by_version(telemetry, counters, time):
    kept = history(counters, telemetry, time)
    answer(counters, 3)
    time.forward(60)
    kept.step()
    answer(counters, 2)
    answer(counters, 1, version=2)
    time.forward(60)
    kept.step()
    time.forward(60)
    kept.step()
    minute = timedelta(minutes=1)
    assert counted(rows(telemetry)) == [(NOON, 1, 3), (NOON + minute, 1, 2), (NOON + minute, 2, 1)]
    assert rows(telemetry, model="other") == []


def test_an_hour_has_the_sum_of_its_minutes_while_it_runs_and_after(telemetry, counters, time):
    kept = history(counters, telemetry, time)
    for _ in range(61):
        answer(counters, 1, 0.5)
        answer(counters, 1, 8.0)
        time.forward(60)
        kept.step()
    assert counted(rows(telemetry, HOUR)) == [(NOON, 1, 120), (NOON + timedelta(hours=1), 1, 2)]
    minutes = added(row.buckets for row in rows(telemetry))
    assert minutes == added(row.buckets for row in rows(telemetry, HOUR))
    assert percentile_ms(minutes, 0.5) == pytest.approx(0.5, rel=0.1)
    assert percentile_ms(minutes, 0.99) == pytest.approx(8.0, rel=0.1)


def test_what_was_refused_and_what_failed_are_told_apart_and_have_no_latency(telemetry, counters, time):
    kept = history(counters, telemetry, time)
    for status in (422, 404, 503):
        counters.not_answered(MODEL, 1, status)
    time.forward(60)
    kept.step()
    (row,) = rows(telemetry)
    assert (row.requests, row.refused, row.failed, row.buckets) == (3, 2, 1, {})


def test_two_processes_add_up(telemetry, time):
    both = [Counters([MODEL]), Counters([MODEL])]
    kept = [history(one, telemetry, time) for one in both]
    for one in both:
        answer(one, 5)
    time.forward(60)
    for one in kept:
        one.step()
    assert counted(rows(telemetry)) == [(NOON, 1, 5), (NOON, 1, 5)]


class Unsure:
    """A store that is away, or that writes and does not say so: the connection breaks off at the commit."""

    def __init__(self, telemetry: Engine):
        self.telemetry, self.away, self.mute = telemetry, False, False

    def __call__(self, found: Sequence[Latencies]) -> None:
        if self.away:
            raise StoreError("It is away.")
        save_latencies(self.telemetry, found)
        if self.mute:
            raise StoreError("It broke off.")


def test_while_the_store_is_away_minutes_wait_and_come_under_their_own_time(telemetry, counters, time):
    store = Unsure(telemetry)
    kept = LatencyHistory(counters, store, time)
    store.away = True
    for _ in range(3):
        answer(counters, 2)
        time.forward(60)
        kept.step()
    assert rows(telemetry) == []
    store.away = False
    time.forward(60)
    kept.step()
    assert [row.at.minute for row in rows(telemetry)] == [0, 1, 2]
    assert counted(rows(telemetry, HOUR)) == [(NOON, 1, 6)]


def test_a_row_that_is_written_again_counts_once(telemetry, counters, time):
    store = Unsure(telemetry)
    kept = LatencyHistory(counters, store, time)
    answer(counters, 2)
    store.mute = True
    for _ in range(3):
        time.forward(60)
        kept.step()
    store.mute = False
    kept.step()
    assert counted(rows(telemetry)) == [(NOON, 1, 2)]
    assert counted(rows(telemetry, HOUR)) == [(NOON, 1, 2)]


def test_a_clock_that_is_set_back_loses_and_repeats_nothing(telemetry, counters, time):
    kept = history(counters, telemetry, time)
    for jump in (60, -3_600, 60, 60):
        answer(counters, 1)
        time.forward(jump)
        kept.step()
    assert sum(row.requests for row in rows(telemetry)) == 4
    assert sum(row.requests for row in rows(telemetry, HOUR)) == 4


def test_a_store_that_is_away_for_long_costs_the_oldest_minutes_and_bounded_memory(counters, time):
    written: list[Latencies] = []
    store = {"away": True}

    def write(found: Sequence[Latencies]) -> None:
        if store["away"]:
            raise StoreError("It is away.")
        written.extend(found)

    kept = LatencyHistory(counters, write, time)
    for _ in range(MOST_WAITING + 50):
        answer(counters, 1)
        time.forward(60)
        kept.step()
    store["away"] = False
    kept.step()
    assert len(written) == MOST_WAITING
    assert written[-1].at > written[0].at > NOON


def kept_rows(world: World, model: str = MODEL) -> list[Latencies]:
    now = datetime.now(UTC)
    return list(latencies_of(world.store.telemetry, model, seconds=HOUR, since=now - LONG, until=now + LONG))


def totals(found: Sequence[Latencies]) -> tuple[int, int, int]:
    return (
        sum(row.requests for row in found),
        sum(row.refused for row in found),
        sum(row.failed for row in found),
    )


def test_a_service_keeps_what_it_answered_refused_and_could_not_answer_when_it_ends(world: World) -> None:
    world.first_champion(NUMERIC, numeric_content())
    with service(world.serving_settings()) as client:
        assert client.post("/predict", json={"message": "win"}).status_code == 503
        world.add_version(1)
        world.promote(1)
        until(lambda: client.get("/health/ready").status_code == 200)
        for _ in range(4):
            client.post("/predict", json={"message": "win a prize"})
        client.post(f"/models/{MODEL}/predict", json={"message": "see you"})
        client.post("/predict", json={"message": ""})
        client.post(f"/models/{NUMERIC}/predict", json={"features": VALUES})
    found = kept_rows(world)
    assert totals(found) == (7, 1, 1)
    assert {row.version: row.requests for row in found} == {0: 1, 1: 6}
    assert totals(kept_rows(world, NUMERIC)) == (1, 0, 0)


def test_a_process_on_the_straight_way_keeps_its_latencies_over_a_restart(world: World) -> None:
    world.add_version(1)
    world.promote(1)
    home = world.settings.root
    for _ in range(2):
        with ServerProcess(home) as server:
            until(lambda: server.client.get("/health/ready").status_code == 200)
            for _ in range(5):
                server.predict("win a prize")
            assert server.client.post("/predict", json={"message": 7}).status_code == 422
            assert server.counted("refit_straight_total") == 5
            server.stop()
    assert totals(kept_rows(world)) == (12, 2, 0)
    assert percentile_ms(added(row.buckets for row in kept_rows(world)), 0.99) > 0.0
