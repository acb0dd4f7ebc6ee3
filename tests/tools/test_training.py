"""The training process: its result, its limits, and never a second one for a decision."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.gate.rules import VerdictStatus
from pipeline.training.choice import WHOLE, TrainingChoice, TrainingWindow
from tests.tools.training_jobs import ANSWER, PRINTS, ended_with_its_jobs, in_another_process, order, run
from tests.waiting import until
from tools import jobs
from tools.errors import TrainingFailedError
from tools.job_files import files_of
from tools.job_process import alive
from tools.jobs import JobState
from tools.training import command_line, train


def test_the_result_of_the_process_is_read_and_its_job_says_so(store, settings, tmp_path):
    result = run(store, settings, PRINTS, str(tmp_path / "diary"))
    assert (result.version, result.verdict_id, result.verdict) == (2, "a", VerdictStatus.PASSED)
    assert (result.reason, result.seconds) == ("better", 0.5)
    (job,) = jobs.jobs(store.control)
    assert (job.job_id, job.state, job.version, job.run_id, job.exit_code) == ("d1.1", JobState.DONE, 2, "r1", 0)
    assert job.ended_at >= job.started_at


def test_a_decision_is_trained_for_once_and_another_decision_again(store, settings, tmp_path):
    diary = tmp_path / "diary"
    for decision in ("d1", "d1", "d2"):
        run(store, settings, PRINTS, str(diary), decision=decision)
    assert diary.read_text() == "xx"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "code 3"),
        ("print('no json')", "no result"),
        ("print('{\"version\": 2}')", "no result"),
        ("pass", "no result"),
        ("import os; os.kill(os.getpid(), 9)", "out of memory"),
    ],
)
def test_a_process_that_fails_or_answers_something_else_is_an_error(store, settings, program, reason):
    with pytest.raises(TrainingFailedError, match=reason):
        run(store, settings, program)
    (job,) = jobs.jobs(store.control)
    assert job.state is JobState.FAILED
    assert reason in job.reason


def test_a_training_that_failed_may_be_tried_again_as_another_job(store, settings, tmp_path):
    with pytest.raises(TrainingFailedError):
        run(store, settings, "import sys; sys.stderr.write('the first log'); raise SystemExit(1)")
    run(store, settings, PRINTS, str(tmp_path / "diary"))
    assert [job.job_id for job in jobs.of_decision(store.control, "d1")] == ["d1.2", "d1.1"]
    assert files_of(tmp_path, "d1.1").last_lines(5) == ["the first log"]


def test_a_training_that_takes_too_long_is_stopped_with_its_children(store, settings, tmp_path):
    pid_file = tmp_path / "pid"
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1] + '.new', 'w').write(str(child.pid))\n"
        "os.rename(sys.argv[1] + '.new', sys.argv[1]); time.sleep(600)"
    )
    begun_at = datetime.now(UTC)

    def clock():  # the limit passes once the child is there, however long this machine takes to start it
        return begun_at + timedelta(days=1) * pid_file.exists()

    command = (sys.executable, "-c", program, str(pid_file))
    with pytest.raises(TrainingFailedError, match="longer than its time limit"):
        train(store.control, settings, order(), command=command, clock=clock)
    until(lambda: not alive(int(pid_file.read_text()), None))
    assert jobs.jobs(store.control)[0].state is JobState.TOO_LONG


def test_a_training_that_takes_too_much_memory_is_stopped_and_says_what_to_do(store, settings):
    with pytest.raises(TrainingFailedError, match=r"more than 50 MB of memory .*memory_limit_mb"):
        run(store, settings, "b = bytearray(200_000_000); import time; time.sleep(600)", memory_limit_mb=50.0)
    (job,) = jobs.jobs(store.control)
    assert job.state is JobState.TOO_LARGE
    assert job.memory_bytes > 50e6


def test_the_memory_of_workers_counts_too(store, settings):
    program = (
        "import subprocess, sys, time\n"
        "hog = 'b = bytearray(200_000_000); import time; time.sleep(600)'\n"
        "subprocess.Popen([sys.executable, '-c', hog]); time.sleep(600)"
    )
    with pytest.raises(TrainingFailedError, match="memory"):
        run(store, settings, program, memory_limit_mb=150.0)


def test_a_job_says_how_far_it_is(store, settings):
    program = (
        "import sys, time\nfrom pipeline.training.progress import reported\n"
        "reported(lambda *_: None)(3, 12, 'folds of the candidate search'); time.sleep(600)"
    )
    process = in_another_process(settings, program)
    try:
        until(lambda: [job.stage for job in jobs.running(store.control)] == ["folds of the candidate search"])
        (job,) = jobs.running(store.control)
        assert (job.steps_done, job.steps_total) == (3, 12)
        assert job.memory_bytes > 1e6
    finally:
        ended_with_its_jobs(process, store)


def test_the_process_gets_the_stores_and_no_key_of_the_deciding_model(store, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("REFIT_AGENT_EVENTS_SECRET", "secret")
    out = tmp_path / "environment"
    program = f"import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ))); print('''{ANSWER}''')"
    run(store, settings, program, str(out))
    assert "secret" not in out.read_text()
    assert f"'REFIT_HOME': '{tmp_path}'" in out.read_text()
    assert f"'REFIT_DATA_DIR': '{tmp_path / 'data'}'" in out.read_text()


def test_a_choice_reaches_the_command_line_and_no_choice_leaves_it_as_it_was():
    plain = command_line(order(choice=WHOLE))
    assert not {"--candidates", "--window"} & set(plain)
    chosen = TrainingChoice(candidates=("naive_bayes_word", "linear_svm_word"), window=TrainingWindow.RECENT)
    line = command_line(order(choice=chosen))
    assert line == (*plain, "--candidates", "naive_bayes_word,linear_svm_word", "--window", "recent")
