"""Old rows go into the archive and out of the database; what is still needed stays; no kill loses a row."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy.exc import SQLAlchemyError

from pipeline.catalog import managed_model
from pipeline.errors import ConcurrentChangeError, KeepingError
from pipeline.keeping import retention
from pipeline.keeping.archive import Archive
from pipeline.keeping.retention import Archived, archive_old_rows
from pipeline.labels.feedback import labelled_rows
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store.open import Store, open_store
from pipeline.store.telemetry import decode_input, labels, reports
from tests.pipeline.keeping.year import (
    MODEL,
    NOW,
    START,
    add_champions,
    add_look,
    archived,
    label,
    logged,
    stored,
    write_log,
)
from tests.waiting import until

HOURS = 400
KEPT_DAYS = 355.0  # the first ten days of the year are old: 240 of the 400 predictions
OLD = 240
FULL = managed_model(MODEL)
SPEC = replace(
    FULL,
    monitoring=replace(FULL.monitoring, window_rows=20),
    retraining=replace(FULL.retraining, max_production_rows=10),
)


def without_pause(_: float) -> None:
    """Nobody else writes."""


def keeping(settings: PipelineSettings, **changes: object) -> PipelineSettings:
    return settings.model_copy(update={"keep_predictions_days": KEPT_DAYS, **changes})


def run(settings: PipelineSettings, store: Store, spec: ModelSpec = SPEC, **options) -> Archived | None:
    return archive_old_rows(settings, store, {MODEL: spec}, NOW, pause=without_pause, **options)


@pytest.fixture
def year(settings, store):
    """400 answers of version 2, each tenth labelled; a look has read all but the newest 50."""
    add_champions(settings, store)
    labelled = [label(f"{MODEL}-{n}", START + timedelta(hours=n + 1)) for n in range(0, HOURS, 10)]
    write_log(store, [logged(n) for n in range(HOURS)], labelled)
    add_look(store, HOURS - 50)
    return keeping(settings)


def ids(rows: Sequence[dict]) -> list[str]:
    return [row["prediction_id"] for row in rows]


def test_without_a_limit_nothing_is_archived(settings, store, year):
    assert run(settings, store) is None
    assert len(stored(store)) == HOURS
    assert not settings.archive_dir.exists()


def test_old_predictions_go_with_their_labels_and_can_be_read_as_they_were(store, year):
    before, labelled = stored(store), stored(store, labels)
    assert run(year, store).rows == {"predictions": OLD}
    assert ids(stored(store)) == [f"{MODEL}-{n}" for n in range(OLD, HOURS)]
    assert [row["prediction_id"] for row in stored(store, labels)] == [f"{MODEL}-{n}" for n in range(OLD, HOURS, 10)]
    for row, old in zip(archived(year), before[:OLD], strict=True):
        own = [
            {name: one[name] for name in ("seq", "label", "source", "at")}
            for one in labelled
            if one["prediction_id"] == old["prediction_id"]
        ]
        assert row == {**old, "labels": own, "month": "2025-01"}
        assert decode_input(row["input"]).endswith("\x00")


def test_the_archive_is_parted_by_model_and_month(settings, store):
    rows = [logged(n, model=model, at=START + timedelta(days=20 * n)) for n in range(4) for model in ("a", "b")]
    write_log(store, [*rows, logged(9, model="b", at=NOW)])
    run(keeping(settings, keep_predictions_days=300), store)
    parts = {(path.parts[-3], path.parts[-2]) for path in settings.archive_dir.glob("predictions/*/*/*.parquet")}
    assert parts == {(f"model={model}", f"month=2025-{month}") for model in "ab" for month in ("01", "02", "03")}


def test_a_second_run_finds_nothing_more_to_do(store, year):
    run(year, store)
    rows, files = stored(store), sorted(year.archive_dir.rglob("*.parquet"))
    assert run(year, store).rows == {}
    assert (stored(store), sorted(year.archive_dir.rglob("*.parquet"))) == (rows, files)


def test_a_dry_run_counts_and_changes_nothing(store, year):
    assert run(year, store, dry_run=True) == Archived(rows={"predictions": OLD}, stayed={})
    assert len(stored(store)) == HOURS
    assert not year.archive_dir.exists()


def test_what_no_scheduled_look_has_read_stays(settings, store):
    add_champions(settings, store)
    write_log(store, [logged(n) for n in range(HOURS)])
    add_look(store, 100)
    add_look(store, 200, scheduled=0)  # a manual check uses no window up
    made = run(keeping(settings), store)
    assert (made.rows, made.stayed) == ({"predictions": 100}, {"unread": OLD - 100})
    assert ids(stored(store))[0] == f"{MODEL}-100"


def test_the_newest_window_of_the_champion_and_of_the_one_before_it_stay(settings, store):
    add_champions(settings, store)
    versions = [1] * 50 + [3] * 50 + [2] * 50
    write_log(
        store, [*(logged(n, version=version) for n, version in enumerate(versions)), logged(0, model="z", at=NOW)]
    )
    add_look(store, 150)
    made = run(keeping(settings), store)
    assert (made.rows, made.stayed) == ({"predictions": 110}, {"newest_window": 40})
    kept = [*range(30, 50), *range(130, 150)]
    assert ids(stored(store)) == [*(f"{MODEL}-{n}" for n in kept), "z-0"]


def test_rows_that_a_training_would_read_stay_and_it_reads_the_same(settings, store):
    add_champions(settings, store)
    given = [label(f"{MODEL}-{n}", START, n % 2) for n in range(60)]
    corrected = [label(f"{MODEL}-{n}", START, 1 - n % 2) for n in range(55, 60)]
    write_log(store, [logged(n) for n in range(HOURS)], [*given, *corrected])
    add_look(store, HOURS)
    before = labelled_rows(store.telemetry, MODEL, SPEC.retraining.max_production_rows)
    made = run(keeping(settings), store)
    assert (made.rows, made.stayed) == ({"predictions": OLD - 10}, {"learned_from": 10})
    assert labelled_rows(store.telemetry, MODEL, SPEC.retraining.max_production_rows) == before
    assert len(before) == 10


def test_a_label_that_waits_for_its_prediction_is_kept(settings, store, year):
    write_log(store, [logged(HOURS)], [label("not-written-yet", START)])
    run(year, store)
    assert "not-written-yet" in ids(stored(store, labels))


def test_a_prediction_that_is_labelled_while_it_goes_stays_with_its_label(store, year):
    def label_one(point: str) -> None:
        if point == "placed":
            write_log(store, [logged(HOURS + 1)], [label(f"{MODEL}-7", NOW)])

    run(year, store, step=label_one)
    assert f"{MODEL}-7" in ids(stored(store))
    assert f"{MODEL}-7" in ids(stored(store, labels))
    assert f"{MODEL}-8" not in ids(stored(store))


def test_numbers_are_not_given_again_when_everything_is_old(settings, store):
    write_log(store, [logged(n, model="gone") for n in range(10)], [label("gone-9", START)])
    run(keeping(settings), store)
    assert ids(stored(store)) == ["gone-9"]
    write_log(store, [logged(10, model="gone")])
    assert [row["seq"] for row in stored(store)] == [10, 11]


def test_old_reports_go_but_for_the_newest_and_the_last_look(settings, store, monkeypatch):
    monkeypatch.setattr("pipeline.keeping.old_rows.REPORTS_KEPT", 3)
    for hour in range(10):
        add_look(store, hour, at=START + timedelta(hours=hour), scheduled=int(hour < 6))
    before = stored(store, reports)
    made = run(settings.model_copy(update={"keep_reports_days": 30}), store)
    assert made.rows == {"reports": 5}
    assert stored(store, reports) == before[5:]
    assert [row["to_seq"] for row in archived(settings, "reports")] == [0, 1, 2, 3, 4]
    assert archived(settings, "reports")[4]["body"] == '{"drift": 4}'


POINTS = ("staged", "listed", "placed", "checked", "deleted_some", "deleted")


def killed_at(settings: PipelineSettings, point: str, times: int) -> None:
    """In a process of its own: the named point is reached so many times, and then there is no process any more."""
    retention.DELETE_ROWS, retention.BATCH_ROWS = 50, 150
    left = [times]

    def step(reached: str) -> None:
        left[0] -= reached == point
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run(settings, open_store(settings), step=step)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_kill_at_any_point_loses_no_row_and_archives_none_twice(store, year, point, times):
    before = stored(store)
    process = multiprocessing.get_context("spawn").Process(target=killed_at, args=(year, point, times))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert {*ids(archived(year)), *ids(stored(store))} >= {*ids(before)}
    run(year, store)
    assert ids(archived(year)) + ids(stored(store)) == ids(before)
    assert list((year.archive_dir / "pending").glob("*")) == []
    assert list((year.archive_dir / "staging").glob("*")) == []
    assert sum(batch.rows for batch in Archive(year.archive_dir).batches()) == OLD


def test_an_altered_file_stops_the_run_before_a_row_is_deleted(store, year):
    def damage(point: str) -> None:
        if point == "placed":
            file = next(year.archive_dir.glob("predictions/*/*/*.parquet"))
            file.write_bytes(file.read_bytes()[:-1] + b"?")

    with pytest.raises(KeepingError, match="altered"):
        run(year, store, step=damage)
    assert len(stored(store)) == HOURS


def test_an_archive_that_cannot_be_written_is_said_clearly(store, year, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KeepingError, match="cannot be written"):
        run(year.model_copy(update={"archive_folder": tmp_path / "file" / "archive"}), store)
    assert len(stored(store)) == HOURS


def test_two_runs_at_once_are_one(store, year):
    def second(point: str) -> None:
        if point == "checked":
            with pytest.raises(ConcurrentChangeError):
                run(year, store)

    assert run(year, store, step=second).rows == {"predictions": OLD}


@pytest.mark.postgresql
def test_a_run_from_another_host_into_another_folder_is_refused_too(postgresql_server, tmp_path):
    settings = keeping(postgresql_server.fresh_pair(tmp_path / "one"))
    store = open_store(settings)
    write_log(store, [logged(n) for n in range(HOURS)])

    def second(point: str) -> None:
        if point == "checked":
            with pytest.raises(ConcurrentChangeError, match="this database"):
                run(settings.model_copy(update={"archive_folder": tmp_path / "two"}), store)

    assert run(settings, store, step=second).rows == {"predictions": OLD}
    store.close()


def test_writers_go_on_while_rows_are_deleted(store, year, monkeypatch):
    monkeypatch.setattr(retention, "DELETE_ROWS", 10)
    written, stop, errors = [], Event(), []

    def keep_writing() -> None:
        try:
            while not stop.is_set():
                write_log(store, [logged(len(written), model="new", at=NOW)])
                written.append(len(written))
        except SQLAlchemyError as error:
            errors.append(error)

    writer = Thread(target=keep_writing)

    def begin(point: str) -> None:
        if point == "checked":
            writer.start()
        if point == "deleted_some":
            until(lambda: bool(written or errors))

    archive_old_rows(year, store, {MODEL: SPEC}, NOW, step=begin)
    stop.set()
    writer.join()
    assert errors == []
    assert len(written) > 0
    assert ids(archived(year)) == [f"{MODEL}-{n}" for n in range(OLD)]
    assert sum(row["model"] == "new" for row in stored(store)) == len(written)
