"""Five hundred managed models on one agent: how long a round of looks takes, what it does to memory, two agents at it.

Each model has a file, a champion with an artefact of the main model's size and 100 new messages for each round. The
rules decide. Run it as `python -m benchmarks.many_models`, or with the parts that are to be measured anew; writes
results/many_models.json, each part as it is done.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
MODELS, ROUNDS, MESSAGES = 500, 6, 100
SIZES = (50, 100, 250)
PARTS = ("rounds", "one_agent", "two_agents")
HOUR = timedelta(hours=1)
DEADLINE_SECONDS = 600.0


def prepare(folder: Path, models: int, change: Callable[[str], str] = str) -> PipelineSettings:
    """The files of the models, their champions, and the traffic of a first round, of messages changed so."""
    settings = PipelineSettings(_env_file=None, home=folder / "home", models_dir=folder / "models")
    spec = managed_model("sms_spam")
    homes = assign_homes(spec.load(PipelineSettings()))
    small = replace(spec, candidates=(replace(spec.candidates[-1], grid={"C": (1.0,)}),))
    model = train(
        small, homes.train, backend=LocalProcesses(2), progress=lambda done, total, what: None
    ).model.compiled()
    profile = reference_profile(homes.train, homes.holdout, model.predictor().answer_many, seed=1)
    store, at = open_store(settings), datetime.now(UTC) - HOUR
    texts = [change(str(row.input)) for row in homes.live]
    traffic = Traffic(store, unpack(pack(model, profile, {})), texts)
    for one in write_models(folder / "models", models).values():
        add_champion(settings, store, one, model, profile, at)
        traffic.log(one.name, MESSAGES, at + HOUR / 2)
    (folder / "texts.json").write_text(json.dumps(texts))
    store.close()
    return settings


def loops_over(settings: PipelineSettings, store: Store) -> dict[str, Loop]:
    given = AgentSettings(_env_file=None, llm_enabled=False, pipeline=settings)
    specs: Mapping[str, ModelSpec] = fleet_of(settings.models_dir or Path())
    return {name: build_loop(given, store, spec) for name, spec in specs.items()}


def rounds(folder: Path) -> list[dict[str, Any]]:
    """Every model looked at once an hour, one after the other, with new messages for each round; after each, memory.

    The first rounds are over a part of the models, for the curve.
    """
    settings = _settings(folder)
    store, process, found = open_store(settings), psutil.Process(), []
    clock = _Clock()
    loops = [replace(loop, clock=clock) for loop in loops_over(settings, store).values()]
    artifact = unpack(next((settings.artifact_dir / loops[0].spec.name).glob("*.safetensors")).read_bytes())
    traffic = Traffic(store, artifact, json.loads((folder / "texts.json").read_text()))
    for models in [*(size for size in SIZES if size < len(loops)), *[len(loops)] * ROUNDS]:
        for loop in loops[:models]:
            traffic.log(loop.spec.name, MESSAGES, clock.at + HOUR / 2)
        clock.at += HOUR
        began, cpu = time.perf_counter(), time.process_time()
        decided = Counter(loop.check(scheduled=True).decision.headline.value for loop in loops[:models])
        found.append(
            {
                "models": models,
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
    given = AgentSettings(_env_file=None, llm_enabled=False, lease_seconds=15, pipeline=settings)
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
    taken = sorted(Counter(claims).values(), reverse=True)
    taken += [0] * (agents - len(taken))
    return {
        "agents": agents,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_resident_mb": peak,
        "models_of_each_agent": taken,
        "smallest_share": taken[-1] / models,
        "models_with_one_decision": sum(count == 1 for count in decided.values()),
    }


@contextmanager
def _agents(folder: Path, count: int) -> Iterator[list[psutil.Process]]:
    words = [sys.executable, "-m", "benchmarks.many_models", "--folder", str(folder), "--as", "agent"]
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


def measure(models: int, parts: Sequence[str], out: Path) -> None:
    """Measure the parts, and keep each beside what was measured before, as soon as it is done."""
    ways: dict[str, Callable[[Path], Any]] = {
        "rounds": _in_a_process_of_its_own,
        "one_agent": lambda folder: by_the_clock(folder, 1),
        "two_agents": lambda folder: by_the_clock(folder, 2),
    }
    for part in parts:
        about = {
            "at": datetime.now(UTC).isoformat(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
            "models": models,
        }
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name), models)
            found = ways[part](Path(name))
        print(part, found, flush=True)
        known = json.loads(out.read_text()) if out.exists() else {"about": {}}
        known |= {"messages": MESSAGES, part: found, "about": known["about"] | {part: about}}
        out.write_text(json.dumps(known, indent=1) + "\n")


def _in_a_process_of_its_own(folder: Path) -> list[dict[str, Any]]:
    out = folder / "rounds.json"
    words = ["--folder", str(folder), "--as", "rounds", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "benchmarks.many_models", *words], check=True)
    measured: list[dict[str, Any]] = json.loads(out.read_text())
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--as", dest="role", choices=("agent", "rounds"), help="be one of the processes of a part")
    parser.add_argument("--out", type=Path, default=RESULTS)
    wanted = parser.parse_args()
    if wanted.role == "agent":
        agent(wanted.folder)
    elif wanted.role == "rounds":
        wanted.out.write_text(json.dumps(rounds(wanted.folder)))
    else:
        measure(wanted.models, wanted.parts or PARTS, wanted.out)


if __name__ == "__main__":
    main()
