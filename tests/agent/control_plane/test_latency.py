"""Latencies over time, out of both databases: sums over processes and minutes, and the worst that they hide."""

from datetime import timedelta

import pytest

from agent.control_plane.views.latency import STEPS, latency, resolution
from pipeline.store.latencies import HOUR, MINUTE, Latencies, save_latencies
from tests.agent.fakes import MODEL, NOON

ON_POSTGRESQL_TOO = True
DAY = timedelta(days=1)
QUICK, SLOW = -24, 40  # about 0.13 and 33 milliseconds


def keep(store, at, buckets, *, process="a", seconds=MINUTE, version=1, refused=0, failed=0, model=MODEL):
    row = Latencies(
        latency_id=f"{process}-{at:%d%H%M}-{seconds}-{version}-{model[:3]}",
        model=model,
        version=version,
        at=at,
        seconds=seconds,
        refused=refused,
        failed=failed,
        buckets=buckets,
    )
    save_latencies(store.telemetry, [row])


def measured(store, **more):
    return latency(store, MODEL, **{"since": NOON - DAY, "until": NOON, "most": 400} | more)


def test_processes_and_minutes_of_a_point_are_summed_and_the_slowest_is_told(store):
    at = NOON - timedelta(hours=1)
    keep(store, at, {QUICK: 500}, refused=2)
    keep(store, at, {QUICK: 490}, process="b")
    keep(store, at + timedelta(minutes=1), {SLOW: 5}, process="b", failed=3)
    (point,) = measured(store)["points"]
    assert (point["requests"], point["refused"], point["failed"]) == (1_000, 2, 3)
    assert point["p99_ms"] == pytest.approx(0.13, rel=0.1)
    assert point["worst_p99_ms"] == pytest.approx(33, rel=0.1)


def test_minutes_without_an_answer_have_no_latency_and_none_without_a_request(store):
    keep(store, NOON - timedelta(hours=1), {}, refused=4)
    (point,) = measured(store)["points"]
    assert (point["requests"], point["p50_ms"], point["p99_ms"], point["worst_p99_ms"]) == (4, None, None, None)


def test_each_version_has_its_own_figures(store):
    at = NOON - timedelta(hours=1)
    keep(store, at, {QUICK: 90})
    keep(store, at, {SLOW: 10}, version=2)
    keep(store, at, {}, version=0, failed=1)
    found = measured(store)["versions"]
    assert [(one["version"], one["requests"]) for one in found] == [(None, 1), ("v1", 90), ("v2", 10)]
    assert found[2]["p50_ms"] == pytest.approx(33, rel=0.1)


def test_a_long_time_is_read_by_the_hour_and_counts_no_request_twice(store):
    at = NOON - timedelta(hours=3)
    for seconds in (MINUTE, HOUR):
        keep(store, at, {QUICK: 7}, seconds=seconds)
    for days, seconds in ((1, MINUTE), (30, HOUR)):
        found = measured(store, since=NOON - days * DAY)
        assert found["row_seconds"] == seconds
        assert [point["requests"] for point in found["points"]] == [7]


def test_only_the_time_and_the_model_that_were_asked_for(store):
    keep(store, NOON - timedelta(minutes=1), {QUICK: 1})
    keep(store, NOON, {QUICK: 1})
    keep(store, NOON - 2 * DAY, {QUICK: 1})
    keep(store, NOON - timedelta(minutes=1), {QUICK: 1}, model="another")
    assert [point["requests"] for point in measured(store)["points"]] == [1]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (timedelta(hours=1), (MINUTE, 60)),
        (DAY, (MINUTE, 300)),
        (2 * DAY, (MINUTE, 600)),
        (2.01 * DAY, (HOUR, 3_600)),
        (30 * DAY, (HOUR, 7_200)),
        (365 * DAY, (HOUR, 86_400)),
        (3_660 * DAY, (HOUR, 240 * 3_600)),
    ],
)
def test_points_stand_for_as_much_time_as_they_must(span, found):
    assert resolution(span, 400) == found
    assert resolution(span, 1)[1] <= found[0] * STEPS[-1]
