"""Launches a training as a process of its own, with a time limit, at most once for each decision.

The lock is inherited by the child and its result goes to a file, so an agent that was killed and started again waits
for a training that outlived it, and takes its result, instead of training a second time.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.gate.rules import VerdictStatus
from pipeline.settings import PipelineSettings
from pipeline.training.choice import WHOLE, TrainingChoice
from tools.errors import TrainingFailedError

POLL_SECONDS = 0.1
# The child needs none of these; a training must not be able to talk to the deciding model's service.
SECRETS = ("OPENAI_API_KEY", "REFIT_AGENT_API_KEY", "REFIT_AGENT_API_TOKEN")


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What `python -m pipeline train --json` said. `version` is None when the artefact is the champion's own."""

    version: int | None
    verdict_id: str | None
    verdict: VerdictStatus
    reason: str
    seconds: float
    body: Mapping[str, Any]


def train(
    settings: PipelineSettings,
    model: str,
    decision_id: str,
    who: str,
    time_limit_seconds: float,
    choice: TrainingChoice = WHOLE,
    command: Sequence[str] | None = None,
) -> TrainingResult:
    """Train a version for a decision, or take the result that a training for it left. Raises TrainingFailedError.

    `command` replaces the command line, for tests.
    """
    folder = settings.root / "agent" / "trainings"
    folder.mkdir(parents=True, exist_ok=True)
    answer, log = folder / f"{decision_id}.json", folder / f"{decision_id}.log"
    deadline = time.monotonic() + time_limit_seconds
    with _lock(folder / f"{model}.lock", deadline) as lock:
        done = _result(answer)
        if done:
            return done
        line = command or command_line(model, decision_id, who, choice)
        code = _run(line, _environment(settings), answer, log, lock, deadline)
        if code != 0:
            raise TrainingFailedError(f"The training of {model} ended with code {code}; see {log}.")
    result = _result(answer)
    if result is None:
        raise TrainingFailedError(f"The training of {model} answered with no result; see {log}.")
    return result


def command_line(model: str, decision_id: str, who: str, choice: TrainingChoice) -> Sequence[str]:
    line = (sys.executable, "-m", "pipeline", "train", model, "--json", "--decision-id", decision_id, "--who", who)
    narrowed = ("--candidates", ",".join(choice.candidates)) if choice.candidates else ()
    return (*line, *narrowed, *(() if choice == WHOLE else ("--window", choice.window.value)))


def _environment(settings: PipelineSettings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return kept | {
        "REFIT_HOME": str(settings.root),
        "REFIT_DATA_DIR": str(settings.data_dir.absolute()),
        "REFIT_TELEMETRY_URL": settings.telemetry_address,
        "REFIT_CONTROL_URL": settings.control_address,
    }


def _run(
    command: Sequence[str], environment: Mapping[str, str], answer: Path, log: Path, lock: int, deadline: float
) -> int:
    with answer.open("wb") as out, log.open("wb") as err:
        child = subprocess.Popen(
            command, stdout=out, stderr=err, env=environment, pass_fds=(lock,), start_new_session=True
        )
        try:
            return child.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise TrainingFailedError("The training took longer than its time limit and was stopped.") from None
        finally:
            if child.poll() is None:  # too late, or the agent itself is being stopped
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


@contextmanager
def _lock(path: Path, deadline: float) -> Iterator[int]:
    """One training of a model at a time on this machine. The lock lasts as long as any process has it open."""
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TrainingFailedError("Another training of this model did not end in time.") from None
                time.sleep(POLL_SECONDS)
        yield file.fileno()


def _result(answer: Path) -> TrainingResult | None:
    """The result that a finished training left; None when there is none, or only a part of it."""
    try:
        body = json.loads(answer.read_bytes())
        return TrainingResult(
            version=body["version"],
            verdict_id=body["verdict_id"],
            verdict=VerdictStatus(body["verdict"]["status"]),
            reason=body["verdict"]["reason"],
            seconds=float(body["seconds"]),
            body=body,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
