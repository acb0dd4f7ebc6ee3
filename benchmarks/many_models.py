"""Five hundred managed models on one agent: how long a round of looks takes, what it does to memory, two agents at it.

Each model has a file, a champion with an artefact of the main model's size and 100 new messages for each round. The
rules decide. Run it as `python -m benchmarks.many_models`; writes results/many_models.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import psutil
from sqlalchemy import func, select

from agent.build import build_loop
from agent.loop import Loop
from agent.schedule.looking import looking
from agent.settings import AgentSettings
from benchmarks.fleet import Traffic, add_champion, fleet_of, write_models
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.served.artifact import pack, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.store import control as tables
from pipeline.store.open import Store, open_store
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import train
from pipeline.training.reference import reference_profile

RESULTS = Path(__file__).parent / "results" / "many_models.json"
MODELS, ROUNDS, MESSAGES, GROUPS = 500, 6, 100, 8
HOUR = timedelta(hours=1)
DEADLINE_SECONDS = 600.0


def prepare(folder: Path, models: int) -> PipelineSettings:
    """The files of the models, their champions, and the traffic of a first round."""
    settings = PipelineSettings(_env_file=None, home=folder / "home", models_dir=folder / "models")
    spec = managed_model("sms_spam")
    homes = assign_homes(spec.load(PipelineSettings()))
    small = replace(spec, candidates=(replace(spec.candidates[-1], grid={"C": (1.0,)}),))
    model = train(
        small, homes.train, backend=LocalProcesses(2), progress=lambda done, total, what: None
    ).model.compiled()
    profile = reference_profile(homes.train, homes.holdout, model.predictor().answer_many, seed=1)
    store, at = open_store(settings), datetime.now(UTC) - HOUR
    traffic = Traffic(store, unpack(pack(model, profile, {})), [str(row.input) for row in homes.live])
    for one in write_models(folder / "models", models).values():
        add_champion(settings, store, one, model, profile, at)
        traffic.log(one.name, MESSAGES, at + HOUR / 2)
    (folder / "texts.json").write_text(json.dumps([str(row.input) for row in homes.live]))
    store.close()
    return settings


def loops_over(settings: PipelineSettings, store: Store) -> dict[str, Loop]:
    given = AgentSettings(_env_file=None, llm_enabled=False, pipeline=settings)
    specs: Mapping[str, ModelSpec] = fleet_of(settings.models_dir or Path())
    return {name: build_loop(given, store, spec) for name, spec in specs.items()}


def rounds(folder: Path) -> list[dict[str, float]]:
    """Every model looked at once an hour, one after the other, with new messages for each round; after each, memory."""
    settings = _settings(folder)
    store, process, found = open_store(settings), psutil.Process(), []
    clock = _Clock()
    loops = {name: replace(loop, clock=clock) for name, loop in loops_over(settings, store).items()}
    artifact = unpack(next((settings.artifact_dir / next(iter(loops))).glob("*.safetensors")).read_bytes())
    traffic = Traffic(store, artifact, json.loads((folder / "texts.json").read_text()))
    for _ in range(ROUNDS):
        for name in loops:
            traffic.log(name, MESSAGES, clock.at + HOUR / 2)
        clock.at += HOUR
        began, cpu = time.perf_counter(), time.process_time()
        decided = Counter(loop.check(scheduled=True).decision.headline.value for loop in loops.values())
        found.append(
            {
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time() - cpu,
                "resident_mb": process.memory_info().rss / 1e6,
                "decided": dict(decided),
            }
        )
        print(found[-1], flush=True)
    store.close()
    return found


class _Clock:
    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


def agent(folder: Path) -> None:
    """An agent that looks by the clock until it is ended."""
    settings = _settings(folder)
    store = open_store(settings)
    given = AgentSettings(
        _env_file=None, llm_enabled=False, schedule_groups=GROUPS, lease_seconds=15, pipeline=settings
    )
    with looking(given, store, loops_over(settings, store)):
        print("ready", flush=True)
        Event().wait()


def by_the_clock(folder: Path, agents: int) -> dict[str, Any]:
    """Agents that start on models nobody has looked at: until each has a decision, and who looked at how many."""
    settings = _settings(folder)
    store, models = open_store(settings), len(fleet_of(settings.models_dir or Path()))
    with _agents(folder, agents) as running:
        began, peak = time.perf_counter(), 0.0
        while (decided := _decided(store)).total() < models or len(decided) < models:
            if time.perf_counter() - began > DEADLINE_SECONDS:
                raise TimeoutError(f"only {len(decided)} of {models} models were looked at")
            peak = max(peak, *(process.memory_info().rss / 1e6 for process in running))
            time.sleep(0.1)
        seconds = time.perf_counter() - began
        cpu = [sum(process.cpu_times()[:2]) for process in running]
    with store.control.connect() as connection:
        claims = connection.execute(select(tables.schedule_claims.c.holder)).scalars().all()
    store.close()
    return {
        "agents": agents,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_resident_mb": peak,
        "models_of_each_agent": sorted(Counter(claims).values(), reverse=True),
        "models_with_one_decision": sum(count == 1 for count in decided.values()),
    }


@contextmanager
def _agents(folder: Path, count: int) -> Iterator[list[psutil.Process]]:
    words = [sys.executable, "-m", "benchmarks.many_models", "--folder", str(folder), "--part", "agent"]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for child in started:
            assert child.stdout is not None
            child.stdout.readline()
        yield [psutil.Process(child.pid) for child in started]
    finally:
        for child in started:
            child.terminate()
        for child in started:
            child.wait()


def _decided(store: Store) -> Counter[str]:
    table = tables.ledger.c
    query = select(table.model, func.count().label("decisions")).where(table.kind == "decision").group_by(table.model)
    with store.control.connect() as connection:
        return Counter({row.model: row.decisions for row in connection.execute(query)})


def _settings(folder: Path) -> PipelineSettings:
    return PipelineSettings(_env_file=None, home=folder / "home", models_dir=folder / "models")


def measure(models: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(),
        "cores": os.cpu_count(),
        "models": models,
        "messages": MESSAGES,
        "groups": GROUPS,
        "by_the_clock": [],
    }
    for agents in (1, 2):
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name), models)
            found["by_the_clock"].append(by_the_clock(Path(name), agents))
            print(found["by_the_clock"][-1], flush=True)
            if agents == 1:
                found["rounds"] = _in_a_process_of_its_own(Path(name))
    return found


def _in_a_process_of_its_own(folder: Path) -> list[dict[str, float]]:
    out = folder / "rounds.json"
    words = ["--folder", str(folder), "--part", "rounds", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "benchmarks.many_models", *words], check=True)
    measured: list[dict[str, float]] = json.loads(out.read_text())
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--part", choices=("agent", "rounds"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    wanted = parser.parse_args()
    if wanted.part == "agent":
        agent(wanted.folder)
        return
    result = rounds(wanted.folder) if wanted.part else measure(wanted.models)
    wanted.out.parent.mkdir(exist_ok=True)
    wanted.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
