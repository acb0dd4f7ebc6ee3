"""Starts and stops the fake Slack, and reads what it has seen; also waits, and runs the agent's commands."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.agent.alerts.fake_slack import APP, BOT
from tests.agent.alerts.fake_slack_requests import CHANNEL, SECRET
from tests.waiting import until

ROOT = str(Path(__file__).parents[3])


class Process:
    """A process of ours, killed at the end of its block if it still runs."""

    def __init__(self, command: list[str], environment: Mapping[str, str] | None = None, log: Path | None = None):
        output = log.open("a") if log else subprocess.DEVNULL
        self._popen = subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()

    def stop(self, patience: float = 30.0) -> int:
        self._popen.send_signal(signal.SIGTERM)
        return self._popen.wait(patience)

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class FakeSlack:
    """The fake in `folder`; started again, it is the same Slack at the same address."""

    def __init__(self, folder: Path):
        self.folder, self.port, self._process, self.seen = folder, 0, None, 0
        folder.mkdir(exist_ok=True)

    def start(self) -> "FakeSlack":
        file = self.folder / "slack.port"
        file.unlink(missing_ok=True)
        command = ["tests.agent.alerts.fake_slack", str(self.folder), *([str(self.port)] if self.port else [])]
        self._process = Process(command, os.environ | {"PYTHONPATH": ROOT}, self.folder / "log")
        until(file.exists, what="the fake Slack")
        self.port = int(file.read_text())
        return self

    def stop(self) -> None:
        if self._process:
            self._process.kill()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def control(self, what: str, **asked: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/control/{what}", json={"what": what, **asked}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def script(self, *answers: Mapping[str, Any]) -> None:
        self.control("script", answers=list(answers))

    @property
    def events(self) -> list[dict[str, Any]]:
        diary = self.folder / "slack.jsonl"
        lines = diary.read_text().splitlines() if diary.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]

    @property
    def posts(self) -> list[dict[str, Any]]:
        return self.of("post")

    def saying(self, words: str, kind: str = "post") -> list[dict[str, Any]]:
        return [event for event in self.of(kind) if words in json.dumps(event, ensure_ascii=False)]

    def keys(self) -> list[str]:
        """The ids of the notices, in the order in which they came."""
        posts = [post["metadata"] for post in self.posts if post.get("metadata")]
        return [metadata["event_payload"]["id"] for metadata in posts]


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of a deployment."""
    ours = ("OPENAI_", "REFIT_", "SLACK_", "SMTP_", "ALERT_", "MLFLOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": ROOT} | more


def slack_settings(home: Path, slack: FakeSlack, **more: str) -> dict[str, str]:
    settings = {
        "REFIT_HOME": str(home),
        "SLACK_BOT_TOKEN": BOT,
        "SLACK_CHANNEL": CHANNEL,
        "SLACK_SIGNING_SECRET": SECRET,
        "REFIT_ALERTS_SLACK_API_URL": f"{slack.url}/api/",
        "REFIT_ALERTS_SLACK_APPROVERS": "U0ANN, U0BOB",
        "REFIT_ALERTS_POLL_SECONDS": "0.1",
        "REFIT_ALERTS_LEASE_SECONDS": "1",
        "REFIT_ALERTS_TIMEOUT_SECONDS": "3",
    }
    return clean_environment(**settings | more)


SOCKET = {"SLACK_APP_TOKEN": APP}
