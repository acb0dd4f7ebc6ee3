"""Many models on one agent: a slow or a broken one holds up no other, several agents look at each once."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
import safetensors.numpy
from sqlalchemy import func, select

from agent.build import build_loop
from agent.observing.artifacts import Artifacts
from agent.observing.evidence import Observer
from agent.schedule.looking import looking
from agent.settings import AgentSettings
from benchmarks.fleet import Traffic, add_champion, write_models
from pipeline.clock import utc_now
from pipeline.served.artifact import KINDS, artifact_path, unpack
from pipeline.store.control import ledger, schedule_claims
from pipeline.store.open import open_store
from tests.agent.traffic import content, texts
from tests.waiting import until

A_YEAR_MINUTES = 525_600
MODELS = 12
SECONDS = 120.0


@pytest.fixture
def fleet(tmp_path, settings, store):
    """The specifications of a dozen models, each with a champion and traffic."""
    artifact = unpack(content())
    specs = write_models(tmp_path / "models", MODELS)
    traffic = Traffic(store, artifact, texts(300, 4))
    for spec in specs.values():
        add_champion(settings, store, spec, small_model(), artifact.profile, utc_now() - timedelta(hours=2))
        traffic.log(spec.name, 100, utc_now() - timedelta(hours=1))
    return specs


def small_model():
    """The model of tests.agent.traffic, to be packed anew for each under its name."""
    tensors = safetensors.numpy.load(content())
    header = json.loads(tensors["header"].tobytes().decode())
    return KINDS[header["kind"]].from_tensors(tensors, header["parameters"])


def agent_settings(settings, **changes):
    seldom = {"interval_minutes": A_YEAR_MINUTES}  # no test runs into the next time of a plan
    return AgentSettings(_env_file=None, llm_enabled=False, pipeline=settings, lease_seconds=15, **seldom | changes)


def loops(settings, store, specs):
    return {name: build_loop(agent_settings(settings), store, spec) for name, spec in specs.items()}


def decided(store):
    query = (
        select(ledger.c.model, func.count().label("decisions"))
        .where(ledger.c.kind == "decision")
        .group_by(ledger.c.model)
    )
    with store.control.connect() as connection:
        return Counter({row.model: row.decisions for row in connection.execute(query)})


class Slow:
    """Looks, but only when it is told to."""

    def __init__(self, inner: Observer):
        self.inner, self.asked, self.go = inner, Event(), Event()

    def observe(self, now, *, scheduled):
        self.asked.set()
        assert self.go.wait(SECONDS)
        return self.inner.observe(now, scheduled=scheduled)


def test_a_slow_and_a_broken_model_hold_up_no_other(settings, store, fleet):
    made = loops(settings, store, fleet)
    slow, broken, *others = made
    waiting = Slow(made[slow].observer)
    made[slow] = replace(made[slow], observer=waiting)
    next((settings.artifact_dir / broken).glob("*.safetensors")).write_bytes(b"damaged")
    with looking(agent_settings(settings), store, made):
        until(lambda: set(decided(store)) >= set(others))
        assert waiting.asked.wait(SECONDS)
        assert slow not in decided(store)
        waiting.go.set()
        until(lambda: slow in decided(store))
    assert broken not in decided(store)


def test_two_agents_share_the_models_and_look_at_each_once(settings, store, fleet, monkeypatch):
    other = open_store(settings)
    shared = agent_settings(settings)
    monkeypatch.setattr("agent.schedule.looking.holder_name", iter(["one", "two"]).__next__)
    with looking(shared, store, loops(settings, store, fleet)), looking(shared, other, loops(settings, other, fleet)):
        until(lambda: len(decided(store)) == MODELS)
    assert set(decided(store).values()) == {1}
    with store.control.connect() as connection:
        claims = connection.execute(select(schedule_claims.c.model)).scalars().all()
    assert sorted(claims) == sorted(fleet)
    other.close()


def test_artefacts_are_kept_within_their_bound_and_loaded_again_when_needed(settings, store, fleet):
    paths = {name: next((settings.artifact_dir / name).glob("*.safetensors")) for name in fleet}
    size = max(path.stat().st_size for path in paths.values())
    kept = Artifacts(most_bytes=3 * size)
    for _ in range(2):
        for name, path in paths.items():
            found = kept.get(settings.artifact_dir, name, path.stem)
            assert artifact_path(settings.artifact_dir, name, found.sha256) == path
            assert kept.bytes <= 3 * size
