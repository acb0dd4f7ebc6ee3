"""How jobs end when several hands are at them: the first word on a job stays, and what is ended is gone."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from tests.tools.training_jobs import begun
from tests.waiting import until
from tools import jobs
from tools.job_files import KEPT_FOR, clear_old, jobs_folder, newest_first
from tools.job_process import alive, end_group
from tools.jobs import JobState

NOW = datetime.now(UTC)
# A leader that has one worker, whose id it prints; both wait for their end.
LEADER = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(worker.pid, flush=True)
time.sleep(600)
"""


def test_how_a_job_ended_is_said_once(store):
    job = begun(store)
    jobs.end(store.control, job.job_id, JobState.DONE, NOW, version=3)
    jobs.end(store.control, job.job_id, JobState.CANCELLED, NOW, reason="too late")
    kept = jobs.job(store.control, job.job_id)
    assert (kept.state, kept.version, kept.reason) == (JobState.DONE, 3, None)


def test_the_end_of_a_job_is_the_end_of_its_workers_too():
    leader = subprocess.Popen([sys.executable, "-c", LEADER], stdout=subprocess.PIPE, text=True, start_new_session=True)
    worker = int(leader.stdout.readline())
    end_group(leader.pid)
    assert not alive(worker, None)
    assert leader.wait(60) == -signal.SIGKILL


def test_workers_are_ended_whose_leader_is_gone_already():
    leader = subprocess.Popen([sys.executable, "-c", LEADER], stdout=subprocess.PIPE, text=True, start_new_session=True)
    worker = int(leader.stdout.readline())
    os.kill(leader.pid, signal.SIGKILL)
    leader.wait(60)
    until(lambda: not alive(leader.pid, None))
    end_group(leader.pid)
    assert not alive(worker, None)


def test_files_that_another_training_removes_meanwhile_are_no_failure(tmp_path):
    for name in ("old.1", "young.1"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / "old.1", (0, 0))
    found = newest_first([tmp_path / "gone.1", tmp_path / "old.1", tmp_path / "young.1"])
    assert [folder.name for folder, _ in found] == ["young.1", "old.1"]


def test_the_files_of_old_jobs_are_removed(tmp_path):
    folder = jobs_folder(tmp_path)
    for name in ("old.1", "young.1"):
        (folder / name).mkdir(parents=True)
    long_ago = (NOW - KEPT_FOR - timedelta(days=1)).timestamp()
    os.utime(folder / "old.1", (long_ago, long_ago))
    clear_old(tmp_path, NOW)
    assert [path.name for path in folder.iterdir()] == ["young.1"]
