"""Worker processes that hang or have ended: within the limit the caller gets an error and can start another."""

import subprocess
import sys
from threading import Thread

import pytest

from pipeline.errors import ArtifactError
from pipeline.served.worker_process import end, exchange

DEADLINE = 120.0
HANGS = "import signal; signal.pause()"
# It reads the question and says the beginning of an answer.
STOPS_HALF_WAY = "import signal, sys; sys.stdin.readline(); print('{', end='', flush=True); signal.pause()"
ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
# More than a pipe holds.
LONG = {"texts": ["a" * 10_000] * 32}


def started(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize(("program", "question"), [(HANGS, LONG), (HANGS, {"texts": []}), (STOPS_HALF_WAY, {})])
def test_a_worker_that_hangs_holds_its_caller_no_longer_than_the_limit(program, question):
    worker, said = started(program), []

    def ask():
        try:
            exchange(worker, question, seconds=1.0)
        except ArtifactError as error:
            said.append(str(error))

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(DEADLINE)
    worker.kill()
    asking.join(DEADLINE)
    end(worker)
    assert said == ["The worker of the transformer does not answer; it is started again."]


def test_a_worker_that_has_ended_is_an_error_and_can_be_ended_again():
    worker = started("")
    worker.wait(DEADLINE)
    with pytest.raises(ArtifactError, match="started again"):
        exchange(worker, LONG, seconds=DEADLINE)
    end(worker)
    end(worker)
    assert worker.stdin.closed


def test_a_question_and_an_answer_may_be_longer_than_a_pipe_holds():
    worker = started(ECHO)
    try:
        assert exchange(worker, LONG, seconds=DEADLINE) == LONG
        assert exchange(worker, {"texts": []}, seconds=DEADLINE) == {"texts": []}
    finally:
        end(worker)


def test_what_the_worker_says_against_a_question_is_passed_on():
    worker = started(ECHO)
    try:
        with pytest.raises(ArtifactError, match="cannot answer: torch is missing"):
            exchange(worker, {"error": "torch is missing"}, seconds=DEADLINE)
    finally:
        end(worker)
