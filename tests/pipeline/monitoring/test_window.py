"""Windows of the prediction log and the reports over them: disjoint, by version, in the order of the log, by index."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from pipeline.monitoring.window import (
    last_look,
    latest_window,
    read_window,
    reports,
    save_report,
)
from pipeline.store.engine import writing
from pipeline.store.telemetry import encode_input, predictions
from tests.pipeline.monitoring.telemetry_log import START, give_label, inputs, log, plans


def test_windows_are_disjoint_and_read_the_oldest_first(telemetry: Engine):
    log(telemetry, 25)
    first = read_window(telemetry, model="sms_spam", version=1, after_seq=0, rows=10)
    second = read_window(telemetry, model="sms_spam", version=1, after_seq=first.to_seq, rows=10)
    third = read_window(telemetry, model="sms_spam", version=1, after_seq=second.to_seq, rows=10)
    read = inputs(first.predictions + second.predictions + third.predictions)
    assert read == [f"message {place}" for place in range(25)]
    assert (len(first), len(second), len(third)) == (10, 10, 5)
    assert (first.first_at, first.last_at) == (START, START + timedelta(minutes=9))


def test_a_window_holds_one_version_of_one_model(telemetry: Engine):
    log(telemetry, 5, version=1)
    log(telemetry, 5, version=2)
    log(telemetry, 5, version=2, model="other")
    window = read_window(telemetry, model="sms_spam", version=2, after_seq=0, rows=100)
    assert {(p.record.model, p.record.version) for p in window.predictions} == {("sms_spam", 2)}
    assert len(window) == 5


def test_a_window_can_leave_out_an_earlier_service_of_the_version(telemetry: Engine):
    log(telemetry, 10)
    since = START + timedelta(minutes=6)
    window = read_window(telemetry, model="sms_spam", version=1, after_seq=0, rows=100, since=since)
    assert inputs(window.predictions) == [f"message {place}" for place in range(6, 10)]


def test_an_empty_window_uses_nothing_up(telemetry: Engine):
    window = read_window(telemetry, model="sms_spam", version=1, after_seq=7, rows=10)
    assert (window.from_seq, window.to_seq, len(window), window.first_at, window.last_at) == (7, 7, 0, None, None)


def test_each_prediction_comes_once_with_its_newest_label(telemetry: Engine):
    ids = log(telemetry, 3)
    give_label(telemetry, ids[0], 0, minute=1)
    give_label(telemetry, ids[0], 1, minute=2)
    window = read_window(telemetry, model="sms_spam", version=1, after_seq=0, rows=10)
    assert [prediction.label for prediction in window.predictions] == [1, None, None]
    assert window.predictions[0].labelled_at == START + timedelta(minutes=2)
    assert inputs(window.labelled) == ["message 0"]


def test_the_latest_window_is_the_newest_rows_in_the_order_of_the_log(telemetry: Engine):
    log(telemetry, 12)
    window = latest_window(telemetry, model="sms_spam", version=1, rows=5)
    assert inputs(window.predictions) == [f"message {place}" for place in range(7, 12)]
    assert (window.from_seq, window.to_seq) == (8, 12)
    assert latest_window(telemetry, model="sms_spam", version=9, rows=5).to_seq == 0


def keep(telemetry: Engine, *, generation: int, scheduled: bool, rows: int, body: dict | None = None) -> int:
    begin = last_look(telemetry, model="sms_spam", generation=generation)
    window = read_window(telemetry, model="sms_spam", version=1, after_seq=begin, rows=rows)
    return save_report(
        telemetry,
        model="sms_spam",
        generation=generation,
        scheduled=scheduled,
        window=window,
        at=START,
        body=body or {},
    )


def test_nobody_has_looked_yet(telemetry: Engine):
    assert last_look(telemetry, model="sms_spam", generation=1) == 0


def test_a_manual_check_does_not_use_a_window_up(telemetry: Engine):
    log(telemetry, 20)
    keep(telemetry, generation=1, scheduled=False, rows=10)
    assert last_look(telemetry, model="sms_spam", generation=1) == 0
    keep(telemetry, generation=1, scheduled=True, rows=10)
    assert last_look(telemetry, model="sms_spam", generation=1) == 10


def test_a_new_generation_goes_on_behind_what_was_read_before_it(telemetry: Engine):
    log(telemetry, 20)
    keep(telemetry, generation=1, scheduled=True, rows=10)
    assert last_look(telemetry, model="sms_spam", generation=2) == 10
    keep(telemetry, generation=2, scheduled=True, rows=5)
    assert last_look(telemetry, model="sms_spam", generation=2) == 15
    assert last_look(telemetry, model="other", generation=2) == 0


def test_reports_come_newest_first_in_pages(telemetry: Engine):
    kept = [keep(telemetry, generation=1, scheduled=place == 2, rows=3, body={"place": place}) for place in range(5)]
    page = reports(telemetry, model="sms_spam", limit=2)
    assert [report.body["place"] for report in page] == [4, 3]
    following = reports(telemetry, model="sms_spam", limit=10, before_seq=page[-1].seq)
    assert [report.seq for report in following] == kept[2::-1]
    assert [report.scheduled for report in following] == [True, False, False]
    assert page[0].at == START


@pytest.mark.parametrize(
    "read",
    [
        lambda telemetry: read_window(telemetry, model="sms_spam", version=1, after_seq=0, rows=5, since=START),
        lambda telemetry: latest_window(telemetry, model="sms_spam", version=1, rows=5),
        lambda telemetry: last_look(telemetry, model="sms_spam", generation=1),
        lambda telemetry: reports(telemetry, model="sms_spam", limit=5, before_seq=9),
    ],
)
def test_every_table_is_reached_by_an_index_and_nothing_is_sorted(telemetry: Engine, read):
    steps = plans(telemetry, lambda: read(telemetry))
    assert any(step.startswith("SEARCH") for step in steps)
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


def write(telemetry: Engine, minutes: list[float]) -> None:
    """Write predictions in this order, stamped by clocks that need not agree."""
    rows = [
        {"prediction_id": f"p{place}", "model": "sms_spam", "version": 1, "slot": "champion", "prediction": 0}
        | {"at": START + timedelta(minutes=minute), "input": encode_input(f"message {place}"), "score": 0.25}
        for place, minute in enumerate(minutes)
    ]
    with writing(telemetry).begin() as connection:
        connection.execute(insert(predictions), rows)


def hourly(telemetry: Engine, hours: int, rows: int = 1_000) -> list[list[str]]:
    read, after = [], 0
    for hour in range(1, hours + 1):
        until = START + timedelta(hours=hour)
        window = read_window(telemetry, model="sms_spam", version=1, after_seq=after, rows=rows, until=until)
        read.append(inputs(window.predictions))
        after = window.to_seq
    return read


def test_a_window_by_time_ends_at_its_hour(telemetry: Engine):
    log(telemetry, 150)
    assert [len(window) for window in hourly(telemetry, 4)] == [60, 60, 30, 0]


def test_a_window_by_time_is_bounded_and_goes_on_where_it_stopped(telemetry: Engine):
    log(telemetry, 150)
    assert [len(window) for window in hourly(telemetry, 4, rows=40)] == [40, 40, 40, 30]


def test_rows_that_are_written_late_or_by_a_skewed_clock_are_read_exactly_once(telemetry: Engine):
    # The 30th row is two hours fast, the 100th an hour slow, and the last ones were held back for an hour and a half.
    minutes = [float(minute) for minute in range(150)]
    minutes[30], minutes[100] = minutes[30] + 120, minutes[100] - 60
    write(telemetry, [*minutes, *(60.5 + place / 100 for place in range(20))])
    read = hourly(telemetry, 6)
    flat = [text for window in read for text in window]
    assert flat == [f"message {place}" for place in range(170)]
    assert abs(len(read[0]) - 60) <= 1


def test_the_newest_window_can_leave_out_an_earlier_service(telemetry: Engine):
    log(telemetry, 10)
    since = START + timedelta(minutes=6)
    window = latest_window(telemetry, model="sms_spam", version=1, rows=8, since=since)
    assert inputs(window.predictions) == [f"message {place}" for place in range(6, 10)]
    late = latest_window(telemetry, model="sms_spam", version=1, rows=8, since=START + timedelta(days=1))
    assert (len(late), late.first_at) == (0, None)


def test_a_version_that_served_long_ago_is_found_by_its_own_index(telemetry: Engine):
    steps = plans(telemetry, lambda: latest_window(telemetry, model="sms_spam", version=1, rows=5))
    assert any("predictions_by_version (model=? AND version=?)" in step for step in steps)
