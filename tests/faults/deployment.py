"""Refit as real processes over one home: service, agents with their loop, a fake Slack; what dies is started again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from launch.ports import free_port
from launch.processes import Child, answers, start
from pipeline.catalog import shelf
from pipeline.files import write_whole
from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.agent.alerts.fake_slack import BOT
from tests.agent.alerts.fake_slack_requests import CHANNEL
from tests.agent.alerts.slack_process import FakeSlack
from tests.faults.flowers import FILE, MODEL
from tests.waiting import until as until_soon

ROOT = str(Path(__file__).parents[2])
CHILDREN = str(Path(__file__).parents[1] / "children")
KEEP_SECONDS = 0.05
# Whoever waits reads databases and lists of processes; those that it waits for need the machine more.
until = partial(until_soon, pause_seconds=0.2)


class Kept:
    """One process of the project that is started again whenever it ends, until it is stopped."""

    def __init__(self, name: str, words: Sequence[str], port: int, ready: str, environment: Mapping[str, str]):
        self.name, self.words, self.port, self.ready = name, words, port, ready
        self.environment = dict(environment)
        self.ends: list[int] = []
        self.child: Child | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def life(self) -> int:
        """How often it has ended."""
        return len(self.ends)

    @property
    def pid(self) -> int:
        """0 while it is stopped."""
        return self.child.process.pid if self.child else 0

    def start(self) -> None:
        with self._lock:
            self.child = start(self.name, self.words, self.environment)

    def kill(self) -> None:
        with self._lock:
            if self.child is not None:
                self.child.process.send_signal(signal.SIGKILL)

    def keep(self) -> None:
        """Start it again when it has ended."""
        with self._lock:
            if self.child is not None and not self.child.alive:
                self.ends.append(self.child.process.returncode)
                self.child.end_group()
                self.child = start(self.name, self.words, self.environment)

    def stop(self) -> None:
        with self._lock:
            child, self.child = self.child, None
        if child is not None:
            child.stop()

    def is_ready(self) -> bool:
        return answers(f"{self.url}{self.ready}")

    def wait_until_ready(self) -> None:
        until(self.is_ready, lambda: f"{self.name} is not ready: {self.said()}")

    def said(self) -> str:
        return "\n".join(self.child.tail[-20:]) if self.child else "it is stopped"


class Deployment:
    """Processes over `home`; `environment` is added to all, and what is given for one of them to that one alone."""

    def __init__(
        self, home: Path, environment: Mapping[str, str] | None = None, *, agents: int = 1, slack: bool = True
    ):
        self.home, self.fault_file = home, home.with_name(f"{home.name}.fault")
        self._stack, self._stop = ExitStack(), threading.Event()
        self.slack = FakeSlack(home.with_name(f"{home.name}.slack")) if slack else None
        if self.slack:
            self.slack.start()
            self._stack.callback(self.slack.stop)
        serving_port = free_port()
        self.environment = _environment(home, self.fault_file, serving_port) | (
            _slack(self.slack) if self.slack else {}
        )
        self.environment |= environment or {}
        words = ["serving", "--port", str(serving_port)]
        self.serving = Kept("serving", words, serving_port, "/health/ready", self.environment)
        self.agents = [self._agent(number) for number in range(agents)]
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def _agent(self, number: int) -> Kept:
        port = free_port()
        words = ["agent", "serve", "--with-loop", "--port", str(port)]
        return Kept(f"agent {number}", words, port, "/health", self.environment)

    @property
    def agent(self) -> Kept:
        return self.agents[0]

    @property
    def processes(self) -> list[Kept]:
        return [self.serving, *self.agents]

    def __enter__(self) -> "Deployment":
        self._keeper.start()
        for process in self.processes:
            until(lambda process=process: process.child is not None, f"{process.name} was not started")
            process.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._keeper.join()
        for process in reversed(self.processes):
            process.stop()
        self.kill_trainings()
        self._stack.close()

    def _keep(self) -> None:
        # A child ends with the thread that started it (its death signal): this thread starts all of them.
        for process in self.processes:
            process.start()
        while not self._stop.wait(KEEP_SECONDS):
            for process in self.processes:
                process.keep()

    def open_store(self, addresses: Mapping[str, str] | None = None) -> Store:
        """The databases as the processes have them, or at other addresses."""
        return open_store(settings_of(self.home, addresses or self.environment))

    def arm(self, point: str) -> None:
        """Whoever passes `point` next is killed there, once."""
        write_whole(self.fault_file, point)

    def disarm(self) -> bool:
        """Take the fault back; False when somebody was killed by it."""
        try:
            self.fault_file.unlink()
        except FileNotFoundError:
            return False
        return True

    def trainings(self) -> list[psutil.Process]:
        """The processes that train now over this home, whoever started them."""
        return [process for process in psutil.process_iter(["cmdline"]) if self._trains(process)]

    def kill_trainings(self) -> int:
        """Kill every process that trains now; how many there were."""
        killed = 0
        for process in self.trainings():
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        return killed

    def _trains(self, process: psutil.Process) -> bool:
        try:
            words = process.info["cmdline"] or []
            return words[1:4] == ["-m", "pipeline", "train"] and process.environ().get("REFIT_HOME") == str(self.home)
        except psutil.Error:
            return False

    def agent_says(self, *words: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "agent", *words, "--json"],
            env={**os.environ, **self.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def settings_of(home: Path, environment: Mapping[str, str]) -> PipelineSettings:
    return PipelineSettings(
        _env_file=None,
        home=home,
        telemetry_url=environment.get("REFIT_TELEMETRY_URL"),
        control_url=environment.get("REFIT_CONTROL_URL"),
    )


def first_version(home: Path, more: Mapping[str, str] | None = None, file: str = FILE) -> None:
    """Train and promote the first version of the toy model into `home`."""
    models = home / "models"
    models.mkdir(parents=True)
    (models / f"{MODEL}.py").write_text(file)
    environment = {**os.environ, **_environment(home, home / "no-fault", 1), **(more or {})}
    words = ["pipeline", "train", MODEL, "--promote", "--json"]
    done = subprocess.run([sys.executable, "-m", *words], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _environment(home: Path, fault_file: Path, serving_port: int) -> dict[str, str]:
    seldom = {name: {"look_minutes": 1_000_000} for name in shelf(None).specs}
    return {
        "PYTHONPATH": os.pathsep.join((ROOT, CHILDREN)),
        "REFIT_HOME": str(home),
        "REFIT_DATA_DIR": str(home / "data"),
        "REFIT_MODELS_DIR": str(home / "models"),
        "REFIT_DEFAULT_MODEL": MODEL,
        "REFIT_FAULT_FILE": str(fault_file),
        "REFIT_TRAINING_PROCESSES": "1",
        "REFIT_SERVING_POLL_SECONDS": "0.3",
        "REFIT_SERVING_RELEASE_CHECK_SECONDS": "0.3",
        "REFIT_SERVING_LOG_MODE": "durable",
        "REFIT_SERVING_DURABLE_WAIT_SECONDS": "30",
        "REFIT_AGENT_SERVING_URL": f"http://127.0.0.1:{serving_port}",
        "REFIT_AGENT_LLM_ENABLED": "false",
        "REFIT_AGENT_INTERVAL_MINUTES": "0.02",
        "REFIT_AGENT_SCHEDULES": json.dumps(seldom),
        "REFIT_AGENT_LEASE_SECONDS": "3",
        "REFIT_AGENT_MAX_EFFECT_ATTEMPTS": "1000",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _slack(slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT,
        "SLACK_CHANNEL": CHANNEL,
        "REFIT_ALERTS_SLACK_API_URL": f"{slack.url}/api/",
        "REFIT_ALERTS_POLL_SECONDS": "0.3",
        "REFIT_ALERTS_LEASE_SECONDS": "3",
        "REFIT_ALERTS_TIMEOUT_SECONDS": "3",
    }


def copied(template: Path, home: Path) -> Path:
    """A home of its own with the first version in it."""
    shutil.copytree(template, home)
    return home


def predict(client: httpx.Client, measures: Sequence[float]) -> dict[str, Any]:
    answer = client.post("/predict", json={"features": list(measures)})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
