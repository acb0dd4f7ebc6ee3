from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert

from pipeline.catalog import managed_model
from pipeline.checks import is_full, next_window
from pipeline.labels.feedback import LabelEntry, labelled_rows, record_labels
from pipeline.monitoring.turns import turn_after
from pipeline.monitoring.window import (
    Window,
    count_labelled,
    labelled_since,
    last_look,
    latest_window,
    read_window,
    reports,
    save_report,
)
from pipeline.records import Pointer
from pipeline.spec import ModelSpec
from pipeline.store.engine import open_engine, writing
from pipeline.store.migrate import ensure_schema
from pipeline.store.telemetry import encode_input, predictions

START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def telemetry(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'telemetry.db'}")
    ensure_schema(engine, "telemetry", tmp_path)
    yield engine
    engine.dispose()


def log(telemetry: Engine, count: int, *, version: int = 1, model: str = "sms_spam", first: int = 0) -> list[str]:
    """Write predictions a minute apart and return their ids."""
    rows = [
        {
            "prediction_id": f"{model}-v{version}-{place}",
            "model": model,
            "version": version,
            "slot": "champion",
            "at": START + timedelta(minutes=place),
            "input": encode_input(f"message {place}"),
            "prediction": place % 2,
            "score": 0.25,
        }
        for place in range(first, first + count)
    ]
    with writing(telemetry).begin() as connection:
        connection.execute(insert(predictions), rows)
    return [row["prediction_id"] for row in rows]


def give_label(telemetry: Engine, prediction_id: str, label: int, minute: int = 0) -> None:
    at = START + timedelta(minutes=minute)
    record_labels(telemetry, [LabelEntry(prediction_id=prediction_id, label=label, source="test", at=at)])


def inputs(found) -> list[str]:
    return [prediction.record.input for prediction in found]


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


def test_labels_that_arrived_after_a_time_are_found_whatever_the_version(telemetry: Engine):
    old, new = log(telemetry, 3, version=1), log(telemetry, 3, version=2)
    give_label(telemetry, old[0], 1, minute=10)
    give_label(telemetry, old[1], 1, minute=30)
    give_label(telemetry, new[0], 0, minute=20)
    give_label(telemetry, "not-logged-yet", 1, minute=40)
    found = labelled_since(telemetry, model="sms_spam", after=START + timedelta(minutes=10), limit=10)
    assert [prediction.record.prediction_id for prediction in found] == [new[0], old[1]]
    newest = labelled_since(telemetry, model="sms_spam", after=START, limit=1)
    assert [prediction.record.prediction_id for prediction in newest] == [old[1]]


def test_a_corrected_label_counts_once_at_its_newest_time(telemetry: Engine):
    ids = log(telemetry, 1)
    give_label(telemetry, ids[0], 0, minute=5)
    give_label(telemetry, ids[0], 1, minute=50)
    found = labelled_since(telemetry, model="sms_spam", after=START, limit=10)
    assert [(prediction.label, prediction.labelled_at) for prediction in found] == [(1, START + timedelta(minutes=50))]


def plans(telemetry: Engine, read: Callable[[], object]) -> list[str]:
    """The steps by which SQLite answers what `read` asks."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters))

    event.listen(telemetry, "before_cursor_execute", listen)
    read()
    event.remove(telemetry, "before_cursor_execute", listen)
    steps: list[str] = []
    with telemetry.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps += [row[3] for row in found]
    return steps


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


def test_labels_since_a_time_reach_the_prediction_log_by_its_index(telemetry: Engine):
    steps = plans(telemetry, lambda: labelled_since(telemetry, model="sms_spam", after=START, limit=5))
    assert any(step.startswith("SEARCH predictions USING INDEX") for step in steps)
    assert any("labels_by_prediction" in step for step in steps)


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


def test_the_last_label_to_arrive_counts_whatever_its_clock_says(telemetry: Engine):
    (name,) = log(telemetry, 1)
    give_label(telemetry, name, 0, minute=50)
    give_label(telemetry, name, 1, minute=5)
    (entry,) = latest_window(telemetry, model="sms_spam", version=1, rows=5).predictions
    assert (entry.label, entry.labelled_at, entry.label_source) == (1, START + timedelta(minutes=5), "test")


def test_labels_that_arrive_before_their_predictions_and_out_of_order_are_found(telemetry: Engine):
    give_label(telemetry, "sms_spam-v1-1", 1, minute=30)
    give_label(telemetry, "sms_spam-v1-0", 0, minute=20)
    assert labelled_since(telemetry, model="sms_spam", after=START, limit=10) == ()
    log(telemetry, 2)
    found = labelled_since(telemetry, model="sms_spam", after=START, limit=10)
    assert [entry.record.prediction_id for entry in found] == ["sms_spam-v1-0", "sms_spam-v1-1"]


def test_a_version_that_served_long_ago_is_found_by_its_own_index(telemetry: Engine):
    steps = plans(telemetry, lambda: latest_window(telemetry, model="sms_spam", version=1, rows=5))
    assert any("predictions_by_version (model=? AND version=?)" in step for step in steps)


def test_labels_lead_to_their_predictions_and_never_the_other_way_round(telemetry: Engine):
    steps = plans(telemetry, lambda: labelled_since(telemetry, model="sms_spam", after=START, limit=5))
    assert any(step.startswith("SEARCH newest USING INDEX labels_by_model_time (model=? AND at>?)") for step in steps)
    assert not [step for step in steps if "predictions_by_model" in step or "TEMP B-TREE" in step]


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


def test_new_labels_are_counted_once_a_prediction_and_up_to_a_bound(telemetry: Engine):
    ids = log(telemetry, 10)
    others = log(telemetry, 3, model="other")
    for minute, prediction_id in enumerate([*ids[:6], ids[0], *others, "not-written-yet"], 1):
        give_label(telemetry, prediction_id, int(minute == 7), minute=minute)

    def count(minute: int | None, most: int) -> int:
        after = None if minute is None else START + timedelta(minutes=minute)
        return count_labelled(telemetry, model="sms_spam", after=after, most=most)

    assert count(None, 100) == count(0, 100) == 6
    # The first label of the first prediction is older; its correction arrived as the seventh.
    assert count(4, 100) == 3
    assert count(None, 2) == 2
    assert count(100, 100) == 0


def test_new_labels_are_counted_by_time_and_lead_to_their_predictions(telemetry: Engine):
    steps = plans(telemetry, lambda: count_labelled(telemetry, model="sms_spam", after=START, most=5))
    assert any("labels_by_model_time (model=? AND at>?)" in step for step in steps)
    assert any(step.startswith("SEARCH predictions USING INDEX") for step in steps)
    assert not [step for step in steps if step.startswith("SCAN predictions")]


def test_labels_that_came_before_their_prediction_and_after_it_are_one_sequence(telemetry: Engine):
    log(telemetry, 3)
    for minute, place in enumerate((4, 0, 3, 1, 5, 2), 1):  # 3 to 5 are answered later
        give_label(telemetry, f"sms_spam-v1-{place}", 1, minute)
    give_label(telemetry, "never-written", 1, 9)
    log(telemetry, 3, first=3)
    log(telemetry, 1, model="sentiment")
    give_label(telemetry, "sentiment-v1-0", 1, 10)
    expected = [f"message {place}" for place in (4, 0, 3, 1, 5, 2)]
    for limit in (1, 2, 4, 6, 9):
        newest = labelled_since(telemetry, model="sms_spam", after=START, limit=limit)
        assert inputs(newest) == expected[-limit:]
        assert inputs(labelled_rows(telemetry, "sms_spam", limit)) == expected[-limit:][::-1]
        assert count_labelled(telemetry, model="sms_spam", after=START, most=limit) == min(limit, 6)
    give_label(telemetry, "sms_spam-v1-4", 0, 11)  # corrected, by a label that knows its model
    assert inputs(labelled_rows(telemetry, "sms_spam", 9)) == [expected[0], *expected[:0:-1]]
    assert count_labelled(telemetry, model="sms_spam", after=START, most=9) == 6
    assert count_labelled(telemetry, model="sentiment", after=START, most=9) == 1


def test_the_rows_of_a_training_are_found_by_the_labels_of_their_model(telemetry: Engine):
    steps = plans(telemetry, lambda: labelled_rows(telemetry, "sms_spam", 5))
    assert sum("labels_by_model (model=?)" in step for step in steps) == 2
    assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]
