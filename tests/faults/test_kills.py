"""Twenty kills of real processes, drawn from a seed: nothing is lost, nothing is done twice, everything comes back."""

from pathlib import Path

import pytest

from pipeline.store.open import Store
from tests.faults.deployment import Deployment
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import POINTS, drawn, settle, survive
from tests.faults.watching import drifting, generation

pytestmark = pytest.mark.faults

KILLS, SEED = 20, 9


def test_a_seed_draws_every_point_before_one_comes_again():
    pointed = [kill.point for kill in drawn(SEED, 10_000) if kill.victim in POINTS and kill.after_seconds == 0]
    every = [point for points in POINTS.values() for point in points]
    assert sorted(pointed[: len(every)]) == sorted(every)
    assert drawn(SEED, 50) == drawn(SEED, 50) != drawn(SEED + 1, 50)


def test_twenty_seeded_kills_lose_nothing_and_repeat_nothing(home: Path, store: Store):
    seen = Seen()
    with Deployment(home) as deployment:
        with drifting(deployment, store) as client:
            for number, kill in enumerate(drawn(SEED, KILLS)):
                survived = survive(deployment, store, client, seen, kill)
                assert survived.violations == (), f"after kill {number}, {kill}"
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
        assert client.told.predictions > 0
        assert client.told.labels
        assert generation(store) > 1
        assert deployment.slack is not None
        assert len(deployment.slack.keys()) == len(set(deployment.slack.keys())) > 0
