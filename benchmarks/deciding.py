"""What a decision costs: a scheduled look of the loop with the rules, its replay, and starting the agent.

Over the embedded databases, with windows of 500 messages that the champion's training never saw. Run it as
`python -m benchmarks.deciding`; writes results/deciding.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from agent.actions import Autonomy
from agent.build import build_loop
from agent.decision import Decision
from agent.loop import Loop
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.replay import replay_decision
from agent.settings import AgentSettings
from benchmarks.fleet import Traffic, add_champion
from launch.processes import start, wait_until_ready
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.monitoring.profile import build_profile
from pipeline.served.artifact import pack, unpack
from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import train

RESULTS = Path(__file__).parent / "results" / "deciding.json"
MODEL = "sms_spam"
STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
STARTS = 5
READY_SECONDS = 120.0


class Setting:
    """A champion in a home of its own, traffic to it, and a loop whose clock goes on by an hour for each look."""

    def __init__(self, home: Path):
        self.settings = PipelineSettings(home=home, data_dir=PipelineSettings().data_dir, _env_file=None)
        self.store: Store = open_store(self.settings)
        self.spec = managed_model(MODEL)
        homes = assign_homes(self.spec.load(self.settings))
        trained = train(self.spec, homes.train, backend=LocalProcesses(2), progress=lambda done, total, what: None)
        model = trained.model.compiled()
        profile = build_profile([str(row.input) for row in homes.train], seed=1)
        add_champion(self.settings, self.store, self.spec, model, profile, STARTED_AT)
        texts = [str(row.input) for row in (*homes.live, *homes.holdout)]
        self.traffic = Traffic(self.store, unpack(pack(model, profile, {})), texts)
        self.now = STARTED_AT

    def loop(self) -> Loop:
        agent = AgentSettings(pipeline=self.settings, llm_enabled=False, autonomy=Autonomy.OBSERVE, _env_file=None)
        return replace(build_loop(agent, self.store, self.spec), clock=lambda: self.now)

    def look(self, loop: Loop) -> float:
        """Seconds of one scheduled look at a new window; what it finds is only said, and nothing is trained."""
        self.now += timedelta(hours=1)
        self.traffic.log(MODEL, self.spec.monitoring.window_rows, self.now - timedelta(minutes=5))
        began = perf_counter()
        loop.check(scheduled=True)
        return perf_counter() - began


def measure(home: Path, looks: int) -> dict[str, Any]:
    setting = Setting(home)
    loop = setting.loop()
    seconds = [setting.look(loop) for _ in range(looks)]
    made = [decision_of(entry) for entry in ledger.decisions(setting.store.control, MODEL, looks)]
    setting.store.close()
    return {
        "at": datetime.now(UTC).isoformat(),
        "looks": looks,
        "messages_a_look": setting.spec.monitoring.window_rows,
        "look_ms": _spread([1000 * one for one in seconds]),
        "replay_ms": _spread(_replays(made)),
        "replayed_the_same": sum(replay_decision(decision).same for decision in made),
        "verify_ledger_ms": _milliseconds(lambda: ledger.verify(setting.store.control)),
        "starts": _starts(home),
    }


def _replays(made: Sequence[Decision]) -> list[float]:
    return [_milliseconds(lambda decision=decision: replay_decision(decision)) for decision in made]  # type: ignore[misc]


def _starts(home: Path) -> dict[str, float]:
    """Median seconds until the control plane answers, and of a whole command that reads the ledger."""
    environment = {"REFIT_HOME": str(home), "REFIT_AGENT_LLM_ENABLED": "false"}
    return {
        "control_plane_ready_seconds": median(_serve(home, environment) for _ in range(STARTS)),
        "command_decisions_seconds": median(_command(environment) for _ in range(STARTS)),
    }


def _serve(home: Path, environment: dict[str, str]) -> float:
    port_file = home / "port"
    port_file.unlink(missing_ok=True)
    began = perf_counter()
    child = start("agent", ["agent", "serve", "--port", "0", "--port-file", str(port_file)], environment)
    try:
        wait_until_ready(child, port_file, READY_SECONDS, path="/health")
        return perf_counter() - began
    finally:
        child.stop()


def _command(environment: dict[str, str]) -> float:
    began = perf_counter()
    words = [sys.executable, "-m", "agent", "decisions", "--json"]
    subprocess.run(words, env={**os.environ, **environment}, check=True, capture_output=True)
    return perf_counter() - began


def _milliseconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return 1000 * (perf_counter() - began)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "p95": quantiles(values, n=20)[-1], "longest": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.looks)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
