"""A champion whose promotion was dated by a clock that was ahead is watched from its first message on all the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from pipeline.catalog import managed_model
from pipeline.checks import is_full, newest_window, next_window
from pipeline.monitoring.turns import bound_by_clock
from pipeline.records import Pointer
from pipeline.store.open import Store
from pipeline.store.telemetry import encode_input, predictions

SPEC = managed_model("sms_spam")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = 60
AHEAD = Pointer(
    model=SPEC.name,
    generation=2,
    version=2,
    previous_version=1,
    artifact_sha256="0" * 64,
    promoted_at=NOW + timedelta(hours=40),
)


@pytest.mark.parametrize(("minutes", "counts"), [(-60, True), (0, True), (1, False), (2_400, False)])
def test_a_time_that_has_not_come_yet_bounds_nothing(minutes: int, counts: bool):
    at = NOW + timedelta(minutes=minutes)
    assert bound_by_clock(at, NOW) == (at if counts else None)


def serve(store: Store) -> None:
    """A minute apart, up to now: of the champion before, then of this one."""
    rows = [
        {"prediction_id": f"p{place}", "model": SPEC.name, "version": 1 if place < ROWS else 2, "slot": "champion"}
        | {"at": NOW - timedelta(minutes=2 * ROWS - place), "input": encode_input(f"message {place}")}
        | {"prediction": 0, "score": 0.1}
        for place in range(2 * ROWS)
    ]
    with store.telemetry.begin() as connection:
        connection.execute(insert(predictions), rows)


def test_its_newest_messages_are_seen(store: Store):
    serve(store)
    window = newest_window(store.telemetry, SPEC, AHEAD, now=NOW)
    assert [entry.record.prediction_id for entry in window.predictions] == [f"p{place}" for place in range(ROWS, 120)]
    dated_rightly = replace(AHEAD, promoted_at=NOW - timedelta(minutes=10))
    assert len(newest_window(store.telemetry, SPEC, dated_rightly, now=NOW)) == 10


def test_its_windows_are_disjoint_and_end_by_count(store: Store):
    serve(store)
    spec = replace(SPEC, monitoring=replace(SPEC.monitoring, window_rows=40, window_hours=None, min_rows=30))
    first = next_window(store.telemetry, spec, AHEAD, after_seq=0, now=NOW)
    second = next_window(store.telemetry, spec, AHEAD, after_seq=first.to_seq, now=NOW)
    assert [len(first), len(second)] == [40, 20]
    assert second.from_seq > first.to_seq
    assert [is_full(spec, AHEAD, window, NOW) for window in (first, second)] == [True, False]


def test_its_windows_by_time_end_before_that_time_has_come(store: Store):
    serve(store)
    spec = replace(SPEC, monitoring=replace(SPEC.monitoring, window_rows=1_000, window_hours=0.25, min_rows=30))
    window = next_window(store.telemetry, spec, AHEAD, after_seq=0, now=NOW)
    assert is_full(spec, AHEAD, window, NOW)
    assert 30 <= len(window) < ROWS
