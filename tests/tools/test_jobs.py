"""Jobs in the store: one a model, cancelled, outlived, lost, settled, cleared."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.training.progress import to_file
from tests.tools.training_jobs import (
    ANSWER,
    PRINTS,
    SECONDS,
    WAITS,
    begun,
    ended_with_its_jobs,
    in_another_process,
    order,
    run,
)
from tests.waiting import until
from tools import jobs
from tools.errors import JobNotRunningError, TrainingCancelledError, UnknownJobError
from tools.job_files import KEPT_FOR, KEPT_JOBS, LARGEST_LOG_BYTES, JobFiles, clear_old, files_of
from tools.job_process import alive, started_at
from tools.job_settling import cancel, end_here, settle
from tools.job_watching import why_end
from tools.jobs import SILENT_AFTER, JobState
from tools.training import train


def test_a_training_that_outlived_its_agent_is_waited_for_and_its_result_taken(store, settings, tmp_path):
    diary, started = tmp_path / "diary", tmp_path / "started"
    slow = f"import time; open({str(started)!r}, 'w').close(); time.sleep(1)\n{PRINTS}"
    process = in_another_process(settings, slow, str(diary))
    until(started.exists)
    process.kill()
    process.wait()
    result = run(store, settings, "raise SystemExit('a second training')")
    assert result.version == 2
    assert diary.read_text() == "x"
    (job,) = jobs.jobs(store.control)
    assert job.state is JobState.DONE


def test_a_training_that_nobody_watches_is_watched_by_who_waits_for_it(store, settings, tmp_path):
    started = tmp_path / "started"
    process = in_another_process(settings, WAITS, str(started))
    until(started.exists)
    until(lambda: jobs.running(store.control)[0].pid is not None)
    process.kill()
    process.wait()
    (job,) = jobs.running(store.control)
    later = datetime.now(UTC) + SILENT_AFTER + timedelta(seconds=5)
    jobs.ask_to_cancel(store.control, job.job_id, "ann", later)
    with pytest.raises(TrainingCancelledError, match="ann cancelled"):
        train(store.control, settings, order(), command=(sys.executable, "-c", "pass"), clock=lambda: later)
    assert not alive(job.pid, job.pid_started_at)
    assert jobs.job(store.control, job.job_id).state is JobState.CANCELLED


def test_a_cancelled_training_ends_and_is_not_tried_again_for_its_decision(store, settings, tmp_path):
    started = tmp_path / "started"
    process = in_another_process(settings, WAITS, str(started))
    try:
        until(started.exists)
        (job,) = jobs.running(store.control)
        cancel(store.control, job.job_id, "ann", datetime.now(UTC))
        until(lambda: jobs.job(store.control, job.job_id).state is JobState.CANCELLED)
        until(lambda: not alive(jobs.job(store.control, job.job_id).pid, None))
        assert process.wait(SECONDS) != 0
    finally:
        ended_with_its_jobs(process, store)
    with pytest.raises(TrainingCancelledError, match="ann cancelled the training"):
        run(store, settings, PRINTS, str(tmp_path / "diary"))
    assert not (tmp_path / "diary").exists()
    with pytest.raises(JobNotRunningError, match="it is cancelled"):
        cancel(store.control, job.job_id, "ann", datetime.now(UTC))
    with pytest.raises(UnknownJobError, match="no job nothing"):
        cancel(store.control, "nothing", "ann", datetime.now(UTC))


def test_a_job_without_a_watcher_is_ended_by_who_cancels_it(store):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    long_ago = datetime.now(UTC) - 2 * SILENT_AFTER
    job = begun(store, now=long_ago)
    jobs.note(store.control, job.job_id, long_ago, pid=child.pid, pid_started_at=started_at(child.pid))
    assert cancel(store.control, job.job_id, "ann", datetime.now(UTC)).state is JobState.CANCELLED
    assert child.wait(SECONDS) == -signal.SIGKILL


def test_a_model_has_one_job_at_a_time_and_another_model_its_own(store):
    first = begun(store)
    assert begun(store, "d2") is None
    assert begun(store, "d3", model="breast_cancer") is not None
    jobs.end(store.control, first.job_id, JobState.FAILED, datetime.now(UTC))
    assert begun(store, "d2") is not None


def test_a_job_whose_process_is_gone_is_found_lost_and_frees_its_model(store, tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    start = started_at(child.pid)
    child.wait()
    now = datetime.now(UTC)
    job = begun(store, now=now)
    jobs.note(store.control, job.job_id, now, pid=child.pid, pid_started_at=start)
    assert settle(store.control, tmp_path, now) == []  # its watcher may just be about to say how it ended
    later = now + 2 * SILENT_AFTER
    assert [found.job_id for found in settle(store.control, tmp_path, later)] == [job.job_id]
    lost = jobs.job(store.control, job.job_id)
    assert (lost.state, lost.ended_at) == (JobState.LOST, later)
    assert "left no result" in lost.reason
    assert begun(store, "d2") is not None


def test_another_process_with_the_same_id_is_not_taken_for_the_job(store, tmp_path):
    now = datetime.now(UTC)
    job = begun(store, now=now)
    jobs.note(store.control, job.job_id, now, pid=os.getpid(), pid_started_at=started_at(os.getpid()) - 3_600)
    assert [found.job_id for found in settle(store.control, tmp_path, now + 2 * SILENT_AFTER)] == [job.job_id]


def test_a_living_job_is_never_lost_on_its_machine_and_one_elsewhere_when_it_is_silent(store, tmp_path):
    now = datetime.now(UTC)
    here, there = begun(store, now=now), begun(store, "d2", now=now, model="other", host="elsewhere")
    jobs.note(store.control, here.job_id, now, pid=os.getpid(), pid_started_at=started_at(os.getpid()))
    assert settle(store.control, tmp_path, now + SILENT_AFTER / 2) == []
    lost = settle(store.control, tmp_path, now + 2 * SILENT_AFTER)
    assert [job.job_id for job in lost] == [there.job_id]


def test_a_lost_job_that_left_its_result_counts_as_done(store, tmp_path):
    now = datetime.now(UTC)
    job = begun(store, now=now)
    files = files_of(tmp_path, job.job_id)
    files.folder.mkdir(parents=True)
    files.answer.write_text(ANSWER)
    settle(store.control, tmp_path, now + 2 * SILENT_AFTER)
    assert jobs.job(store.control, job.job_id).state is JobState.DONE


def test_when_refit_is_stopped_its_trainings_end_and_those_of_other_folders_go_on(store, tmp_path):
    now, child = datetime.now(UTC), subprocess.Popen([sys.executable, "-c", WAITS, os.devnull], start_new_session=True)
    mine, elsewhere = begun(store, now=now), begun(store, "d2", now=now, model="other")
    files_of(tmp_path, mine.job_id).folder.mkdir(parents=True)
    jobs.note(store.control, mine.job_id, now, pid=child.pid, pid_started_at=started_at(child.pid))
    assert [job.job_id for job in end_here(store.control, tmp_path, now)] == [mine.job_id]
    assert child.wait(SECONDS) == -signal.SIGKILL
    assert jobs.job(store.control, mine.job_id).state is JobState.LOST
    assert jobs.job(store.control, elsewhere.job_id).state is JobState.RUNNING


def test_progress_is_written_whole_and_a_disk_that_refuses_it_stops_nothing(tmp_path):
    said, file = [], tmp_path / "progress.json"
    note = to_file(file, lambda *what: said.append(what))
    note(1, 4, "folds")
    note(2, 4, "folds")  # too soon after the first to be written
    note(4, 4, "folds")
    assert JobFiles(tmp_path).reported() == {"pid": os.getpid(), "stage": "folds", "done": 4, "total": 4}
    to_file(tmp_path / "nowhere" / "progress.json", lambda *what: said.append(what))(1, 1, "fit")
    assert said == [(1, 4, "folds"), (2, 4, "folds"), (4, 4, "folds"), (1, 1, "fit")]


def test_why_a_job_must_end(store):
    job = replace(begun(store), memory_limit_bytes=100)
    assert why_end(job, job.started_at, 100, False) is None
    assert why_end(job, job.started_at, 101, False) is JobState.TOO_LARGE
    assert why_end(job, job.started_at + timedelta(seconds=61), 0, False) is JobState.TOO_LONG
    assert why_end(job, job.started_at, 0, True) is JobState.CANCELLED
    assert why_end(replace(job, memory_limit_bytes=None), job.started_at, 10**15, False) is None


def test_a_log_is_halved_when_it_grows_too_large_and_old_jobs_are_cleared(tmp_path):
    files = JobFiles(tmp_path / "jobs" / "d.1")
    files.folder.mkdir(parents=True)
    with files.log.open("ab") as log:
        log.write(b"x" * LARGEST_LOG_BYTES + b"\nlast before\n")
        log.flush()
        files.rotate()
        log.write(b"first after\n")
    assert files.last_lines(5) == ["first after"]
    assert (files.folder / "log.txt.1").read_bytes().endswith(b"last before\n")
    now = datetime.now(UTC)
    for number in range(KEPT_JOBS + 5):
        folder = tmp_path / "jobs" / f"e{number}.1"
        folder.mkdir()
        os.utime(folder, (now.timestamp() - 60 - number,) * 2)
    clear_old(tmp_path, now)
    left = list((tmp_path / "jobs").glob("*.*"))
    assert len(left) == KEPT_JOBS
    assert files.folder in left
    clear_old(tmp_path, now + KEPT_FOR + timedelta(days=1))
    assert list((tmp_path / "jobs").glob("*.*")) == []
