"""Where the demonstration plays: its folder, its environment, its commands, and the voice that tells the story."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from launch.processes import ProcessFailedError, start, wait_until_ready
from pipeline.errors import RefitError
from pipeline.settings import PipelineSettings

ROOT = Path(__file__).parents[1]
READY_SECONDS = 30.0
# How the names of all settings begin, of Refit and of what it uses: stores, keys, channels of alerts, defaults.
SETTINGS = ("REFIT_", "OPENAI_", "MLFLOW_", "OTEL_", "SLACK_", "SMTP_", "ALERT_", "DEFAULT_MODEL")
# Made in a folder that a demonstration may empty.
MARK = ".demonstration"


class NotEmptyError(RefitError):
    def __init__(self, home: Path):
        super().__init__(
            f"{home} is not empty, and no demonstration made it. Name an empty folder with --home, or delete this one."
        )


@dataclass
class Stage:
    """One demonstration's own folder below which everything happens; nothing outside it is touched but fetched data.

    `source` is a local copy of the messages, where they cannot be fetched.
    """

    home: Path
    data_dir: Path
    console: Console
    source: Path | None = None
    steps: int = field(default=0)

    @property
    def environment(self) -> Mapping[str, str]:
        """The whole environment of a process: stores below `home`, and the rules alone.

        No setting of this deployment is in it: the demonstration must neither change its stores nor use its keys. For
        the same reason processes run in `home`, where there is no `.env`.
        """
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(SETTINGS)}
        home = self.home.absolute()
        own = {
            "REFIT_HOME": str(home),
            "REFIT_DATA_DIR": str(self.data_dir.absolute()),
            "REFIT_CONTROL_URL": f"sqlite:///{home}/control.db",
            "REFIT_TELEMETRY_URL": f"sqlite:///{home}/telemetry.db",
            "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
            "REFIT_AGENT_LLM_ENABLED": "false",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "COLUMNS": "110",
        }
        return kept | own | ({"REFIT_SMS_SPAM_FILE": str(self.source.absolute())} if self.source else {})

    @property
    def settings(self) -> PipelineSettings:
        """What the story itself reads: the same messages as its processes."""
        return PipelineSettings(
            home=self.home, data_dir=self.data_dir, sms_spam_file=self.source, training_data={}, _env_file=None
        )

    def empty(self, prepared: Path | None = None) -> None:
        """Begin with an empty folder, or with a copy of a `prepared` one. Raises NotEmptyError."""
        if self.home.exists() and not (self.home / MARK).exists() and any(self.home.iterdir()):
            raise NotEmptyError(self.home)
        shutil.rmtree(self.home, ignore_errors=True)
        if prepared:
            shutil.copytree(prepared, self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / MARK).touch()

    def step(self, title: str) -> None:
        self.steps += 1
        self.console.print(f"\n[bold]{self.steps}. {title}[/]")

    def say(self, text: str) -> None:
        self.console.print(f"   {text}", markup=False, highlight=False, soft_wrap=True)

    def query(self, *words: str) -> dict[str, Any]:
        """The JSON object that `python -m <words> --json` prints. Raises ProcessFailedError."""
        done = self._run([*words, "--json"])
        if done.returncode:
            raise ProcessFailedError(f"{' '.join(words)} failed:\n{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def show(self, *words: str) -> int:
        """Run `python -m <words>`, tell what it prints, return its exit code."""
        done = self._run(list(words))
        for line in (done.stdout or done.stderr).rstrip().split("\n"):
            self.say(line.rstrip())
        return done.returncode

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        # On a terminal the progress of a training is shown as it goes; elsewhere it is kept for the error message.
        stderr = None if self.console.is_terminal else subprocess.PIPE
        command = [sys.executable, "-m", *words]
        return subprocess.run(
            command, env=self.environment, cwd=self.home, text=True, stdout=subprocess.PIPE, stderr=stderr
        )

    @contextmanager
    def service(self) -> Iterator[str]:
        """The prediction service on a free port, stopped at the end; gives its URL."""
        port_file = self.home.absolute() / "serving.port"
        port_file.unlink(missing_ok=True)
        words = ["serving", "--port", "0", "--port-file", str(port_file)]
        child = start("serving", words, self.environment, added=False, folder=self.home)
        try:
            yield wait_until_ready(child, port_file, READY_SECONDS)
            if not child.alive:
                raise child.failure("ended during the demonstration")
        finally:
            child.stop()
