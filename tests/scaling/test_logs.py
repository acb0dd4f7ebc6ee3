"""Scoring and back-filling a log: every row once, and on the cluster what comes out here."""

from dataclasses import replace
from functools import partial

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from pipeline.catalog import managed_model
from pipeline.checks import check_window
from pipeline.keeping.parquet import predictions_table, write
from pipeline.monitoring.window import latest_window
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.store import telemetry as tables
from scaling.logs import DatabaseLog, ParquetLog
from scaling.running import run_here, run_on_ray
from scaling.tasks import Job, report_part, score_part
from tests.agent.fakes import MODEL
from tests.scaling.dying import killed_once

ROWS = 100


@pytest.fixture(scope="session")
def database(store, settings):
    return DatabaseLog(settings.telemetry_address)


@pytest.fixture(scope="session")
def parquet(store, tmp_path_factory):
    """The same log as two Parquet files in the layout of the archive."""
    folder = tmp_path_factory.mktemp("archive")
    with store.telemetry.connect() as connection:
        given = [dict(row._mapping) for row in connection.execute(select(tables.labels).order_by(tables.labels.c.seq))]
        rows = [
            {**row._mapping, "labels": [label for label in given if label["prediction_id"] == row.prediction_id]}
            for row in connection.execute(select(tables.predictions).order_by(tables.predictions.c.seq))
        ]
    for month, part in (("2026-11", rows[:250]), ("2026-12", rows[250:])):
        place = folder / "predictions" / f"model={MODEL}" / f"month={month}"
        place.mkdir(parents=True)
        write(place / "batch.parquet", predictions_table(part))
    return ParquetLog(folder)


@pytest.fixture
def job(store, settings, database):
    champion = pointer(store.control, MODEL)
    content = artifact_path(settings.artifact_dir, MODEL, champion.artifact_sha256).read_bytes()
    return Job(log=database, model=MODEL, version=1, content=content, models_dir=None)


def reports_of(results):
    return sorted(results, key=lambda one: one["number"])


def test_parts_hold_every_row_once_and_only_the_last_one_is_short(database, parquet):
    for log in (database, parquet):
        parts = log.parts(MODEL, 1, ROWS)
        assert [part.rows for part in parts] == [100] * 6 + [20]
        seqs = [entry.record.seq for part in parts for entry in log.window(MODEL, 1, part).predictions]
        assert seqs == sorted(set(seqs))
        assert len(seqs) == 620
        assert log.parts(MODEL, 2, ROWS) == []


def test_a_database_and_an_archive_of_it_give_the_same_windows(database, parquet):
    parts = database.parts(MODEL, 1, ROWS)
    assert parquet.parts(MODEL, 1, ROWS) == parts
    assert [parquet.window(MODEL, 1, part) for part in parts] == [database.window(MODEL, 1, part) for part in parts]
    assert [parquet.inputs(MODEL, part) for part in parts] == [database.inputs(MODEL, part) for part in parts]


def test_a_report_says_what_a_look_at_that_window_says(job, store, settings):
    spec = managed_model(MODEL)
    *_, last = run_here(partial(report_part, job), job.log.parts(MODEL, 1, ROWS))
    window = latest_window(store.telemetry, model=MODEL, version=1, rows=20)
    champion = pointer(store.control, MODEL)
    path = artifact_path(settings.artifact_dir, MODEL, champion.artifact_sha256)
    look = check_window(load_artifact(path, champion.artifact_sha256), spec, window).as_dict()
    assert {name: last[name] for name in look} == look


def test_the_windows_with_new_words_are_those_that_drift(job):
    reports = list(run_here(partial(report_part, job), job.log.parts(MODEL, 1, ROWS)))
    detected = [report["drift"]["drift_detected"] for report in reports]
    assert detected[4:6] == [True, True]
    assert detected[6] is None


@pytest.mark.ray
def test_reports_of_the_cluster_are_those_made_here_although_a_worker_is_killed(job, cluster, tmp_path):
    task, parts, marker = partial(report_part, job), job.log.parts(MODEL, 1, ROWS), tmp_path / "killed"
    there = reports_of(run_on_ray(killed_once(task, marker), parts, cluster.address, 2))
    assert marker.exists()
    assert there == list(run_here(task, parts))


@pytest.mark.ray
def test_scores_of_the_cluster_are_those_made_here_although_a_worker_is_killed(job, cluster, parquet, tmp_path):
    job, marker = replace(job, log=parquet), tmp_path / "killed"
    here, there = tmp_path / "here", tmp_path / "there"
    parts = job.log.parts(MODEL, None, ROWS)
    for folder in (here, there):
        folder.mkdir()
    list(run_here(partial(score_part, job, here), parts))
    task = killed_once(partial(score_part, job, there), marker)
    done = list(run_on_ray(task, parts, cluster.address, 2))
    assert marker.exists()
    assert sum(one["rows"] for one in done) == 620
    assert [file.name for file in sorted(there.iterdir())] == [file.name for file in sorted(here.iterdir())]
    assert all(pq.read_table(there / file.name) == pq.read_table(file) for file in here.iterdir())
