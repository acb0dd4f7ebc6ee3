"""Where the demonstration plays: its folder, its environment, its commands, and the voice that tells the story."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from launch.processes import ProcessFailedError, start, wait_until_ready

READY_SECONDS = 30.0


@dataclass
class Stage:
    """One demonstration's own folder below which everything happens; nothing outside it is touched but fetched data."""

    home: Path
    data_dir: Path
    console: Console
    steps: int = field(default=0)

    @property
    def environment(self) -> Mapping[str, str]:
        """Everything below `home`, and the rules alone: a key in the environment must not change the demonstration."""
        return {
            "REFIT_HOME": str(self.home.absolute()),
            "REFIT_DATA_DIR": str(self.data_dir.absolute()),
            "REFIT_AGENT_LLM_ENABLED": "false",
            "COLUMNS": "110",
        }

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
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            [sys.executable, "-m", *words], env=environment, text=True, stdout=subprocess.PIPE, stderr=stderr
        )

    @contextmanager
    def service(self) -> Iterator[str]:
        """The prediction service on a free port, stopped at the end; gives its URL."""
        port_file = self.home / "serving.port"
        port_file.unlink(missing_ok=True)
        child = start("serving", ["serving", "--port", "0", "--port-file", str(port_file)], self.environment)
        try:
            yield wait_until_ready(child, port_file, READY_SECONDS)
            if not child.alive:
                raise child.failure("ended during the demonstration")
        finally:
            child.stop()
