"""Windows that scheduled looks read, by count and by time, under clocks that disagree."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from pipeline.catalog import managed_model
from pipeline.checks import is_full, next_window
from pipeline.monitoring.turns import turn_after
from pipeline.monitoring.window import (
    Window,
)
from pipeline.records import Pointer
from pipeline.spec import ModelSpec
from pipeline.store.engine import open_engine, writing
from pipeline.store.migrate import ensure_schema
from pipeline.store.telemetry import encode_input, predictions
from tests.pipeline.monitoring.telemetry_log import START, inputs, log


@pytest.mark.parametrize(("minute", "turn_minute"), [(0, 60), (59, 60), (60, 120), (61, 120), (-5, 60), (500, 540)])
def test_a_window_by_time_ends_at_the_next_turn(minute: int, turn_minute: int):
    turn = turn_after(START + timedelta(minutes=minute), promoted_at=START, hours=1.0)
    assert turn == START + timedelta(minutes=turn_minute)


def test_a_window_of_no_time_is_refused():
    with pytest.raises(ValueError, match="set window_hours"):
        turn_after(START, promoted_at=START, hours=0.0)


CHAMPION = Pointer(
    model="sms_spam", generation=1, version=1, previous_version=None, artifact_sha256="0" * 64, promoted_at=START
)


def spec_of(*, rows: int, hours: float | None, least: int = 1) -> ModelSpec:
    spec = managed_model("sms_spam")
    rules = replace(spec.monitoring, window_rows=rows, window_hours=hours, min_rows=least)
    return replace(spec, monitoring=rules)


def windows_until(telemetry: Engine, spec: ModelSpec, now: datetime) -> list[Window]:
    """Every window that has ended, read as the scheduled looks read them."""
    found, after = [], 0
    while True:
        window = next_window(telemetry, spec, CHAMPION, after_seq=after, now=now)
        if not len(window) or not is_full(spec, CHAMPION, window, now):
            return found
        found.append(window)
        after = window.to_seq


def test_windows_by_time_end_at_the_turns_and_by_count_when_there_is_much(telemetry: Engine):
    log(telemetry, 150)
    hourly = windows_until(telemetry, spec_of(rows=100, hours=1.0), START + timedelta(minutes=160))
    assert [len(window) for window in hourly] == [60, 60]
    often = windows_until(telemetry, spec_of(rows=40, hours=1.0), START + timedelta(minutes=160))
    assert [len(window) for window in often] == [40, 20, 40, 20]
    assert [len(window) for window in windows_until(telemetry, spec_of(rows=40, hours=None), START)] == [40, 40, 40]


def test_a_window_that_has_not_ended_is_what_there_is_so_far(telemetry: Engine):
    log(telemetry, 30)
    spec, now = spec_of(rows=100, hours=1.0), START + timedelta(minutes=45)
    window = next_window(telemetry, spec, CHAMPION, after_seq=0, now=now)
    assert (len(window), is_full(spec, CHAMPION, window, now)) == (30, False)
    assert is_full(spec, CHAMPION, window, START + timedelta(minutes=60))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 300), min_size=1, max_size=60), rows=st.integers(1, 30))
def test_clocks_that_disagree_and_rows_written_late_lose_and_repeat_nothing(
    tmp_path_factory: pytest.TempPathFactory, minutes: list[int], rows: int
):
    folder = tmp_path_factory.mktemp("log")
    engine = open_engine(f"sqlite:///{folder / 'telemetry.db'}")
    ensure_schema(engine, "telemetry", folder)
    for place, minute in enumerate(minutes):
        _log_at(engine, place, START + timedelta(minutes=minute))
    later = START + timedelta(days=2)
    read = [
        text
        for window in windows_until(engine, spec_of(rows=rows, hours=1.0), later)
        for text in inputs(window.predictions)
    ]
    engine.dispose()
    assert read == [f"message {place}" for place in range(len(minutes))]


def test_an_answer_stamped_in_the_future_holds_no_window_back(telemetry: Engine):
    _log_at(telemetry, 0, START + timedelta(days=365))
    for place in range(1, 5):
        _log_at(telemetry, place, START + timedelta(minutes=place))
    spec = spec_of(rows=100, hours=1.0)
    assert windows_until(telemetry, spec, START + timedelta(minutes=30)) == []
    first, second = windows_until(telemetry, spec, START + timedelta(minutes=60))
    # As many as were given before the turn, in the order of the log; the last one makes the next window.
    assert inputs(first.predictions) == [f"message {place}" for place in range(4)]
    assert inputs(second.predictions) == ["message 4"]


def test_a_row_written_late_does_not_end_a_window(telemetry: Engine):
    for place, minute in enumerate([5, *range(61, 81)]):
        _log_at(telemetry, place, START + timedelta(minutes=minute))
    spec = spec_of(rows=100, hours=1.0, least=10)
    assert windows_until(telemetry, spec, START + timedelta(minutes=119)) == []
    (window,) = windows_until(telemetry, spec, START + timedelta(minutes=120))
    assert len(window) == 21


def test_too_few_answers_to_judge_wait_for_the_next_turn(telemetry: Engine):
    log(telemetry, 9)
    spec = spec_of(rows=100, hours=0.1, least=10)
    assert windows_until(telemetry, spec, START + timedelta(days=1)) == []
    log(telemetry, 1, first=9)
    (window,) = windows_until(telemetry, spec, START + timedelta(days=1))
    assert len(window) == 10


def _log_at(telemetry: Engine, place: int, at: datetime) -> None:
    row = {
        "prediction_id": f"p{place}",
        "model": "sms_spam",
        "version": 1,
        "slot": "champion",
        "at": at,
        "input": encode_input(f"message {place}"),
        "prediction": 0,
        "score": 0.25,
    }
    with writing(telemetry).begin() as connection:
        connection.execute(insert(predictions), [row])
