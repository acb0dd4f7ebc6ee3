"""The training process: its result, its limits, and never a second one for a decision."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.gate.rules import VerdictStatus
from pipeline.settings import PipelineSettings
from pipeline.training.choice import WHOLE, TrainingChoice, TrainingWindow
from tools.errors import TrainingFailedError
from tools.training import command_line, train

VERDICT = '"verdict": {"status": "passed", "reason": "better"}'
ANSWER = f'{{"version": 2, "verdict_id": "a", {VERDICT}, "seconds": 0.5, "metrics": {{}}}}'
PRINTS = f"import sys; open(sys.argv[1], 'a').write('x'); print('''{ANSWER}''')"


@pytest.fixture
def settings(tmp_path):
    return PipelineSettings(_env_file=None, home=tmp_path)


def run(settings, program, *arguments, limit=20.0, decision="d1"):
    return train(settings, "sms_spam", decision, "agent", limit, command=(sys.executable, "-c", program, *arguments))


def test_the_result_of_the_process_is_read(settings, tmp_path):
    result = run(settings, PRINTS, str(tmp_path / "diary"))
    assert (result.version, result.verdict_id, result.verdict) == (2, "a", VerdictStatus.PASSED)
    assert (result.reason, result.seconds) == ("better", 0.5)


def test_a_decision_is_trained_for_once_and_another_decision_again(settings, tmp_path):
    diary = tmp_path / "diary"
    for decision in ("d1", "d1", "d2"):
        run(settings, PRINTS, str(diary), decision=decision)
    assert diary.read_text() == "xx"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "code 3"),
        ("print('no json')", "no result"),
        ("print('{\"version\": 2}')", "no result"),
        ("pass", "no result"),
    ],
)
def test_a_process_that_fails_or_answers_something_else_is_an_error(settings, program, reason):
    with pytest.raises(TrainingFailedError, match=reason):
        run(settings, program)


def test_a_training_that_takes_too_long_is_stopped_with_its_children(settings, tmp_path):
    pid_file = tmp_path / "pid"
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(60)"
    )
    with pytest.raises(TrainingFailedError, match="longer than its time limit"):
        run(settings, program, str(pid_file), limit=1.5)
    assert _gone(int(pid_file.read_text()))


def _gone(pid):
    """Dead, or a zombie that nobody has collected yet."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_a_training_that_outlived_its_agent_is_waited_for_and_its_result_taken(settings, tmp_path):
    diary, started = tmp_path / "diary", tmp_path / "started"
    slow = f"import time; open({str(started)!r}, 'w').close(); time.sleep(1)\n{PRINTS}"
    agent = (
        "from tools.training import train\nfrom pipeline.settings import PipelineSettings\nfrom pathlib import Path\n"
        f"train(PipelineSettings(_env_file=None, home=Path({str(tmp_path)!r})), 'sms_spam', 'd1', 'agent', 20,"
        f" command=({sys.executable!r}, '-c', {slow!r}, {str(diary)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", agent])
    while not started.exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    result = run(settings, "raise SystemExit('a second training')")
    assert result.version == 2
    assert diary.read_text() == "x"


def test_the_process_gets_the_stores_and_no_key_of_the_deciding_model(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    out = tmp_path / "environment"
    program = f"import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ))); print('''{ANSWER}''')"
    run(settings, program, str(out))
    assert "secret" not in out.read_text()
    assert f"'REFIT_HOME': '{tmp_path}'" in out.read_text()
    assert f"'REFIT_DATA_DIR': '{Path('var/data').absolute()}'" in out.read_text()


def test_a_choice_reaches_the_command_line_and_no_choice_leaves_it_as_it_was():
    plain = command_line("sms_spam", "d1", "agent", WHOLE)
    assert not {"--candidates", "--window"} & set(plain)
    chosen = TrainingChoice(candidates=("naive_bayes_word", "linear_svm_word"), window=TrainingWindow.RECENT)
    line = command_line("sms_spam", "d1", "agent", chosen)
    assert line == (*plain, "--candidates", "naive_bayes_word,linear_svm_word", "--window", "recent")
