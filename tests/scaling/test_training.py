"""The candidate search on a Ray cluster of two nodes gives what processes of this machine give, byte for byte."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.catalog import managed_model
from pipeline.data.training_set import Origin, TrainingRow, TrainingSet
from pipeline.errors import BackendError
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.training.backends import Backend, LocalProcesses, training_backend
from pipeline.training.making import make
from pipeline.training.search import search
from tests.agent.traffic import texts
from tests.scaling.cluster import add_node, require_ray
from tests.scaling.dying import killed_once

pytestmark = pytest.mark.ray

MAIN = managed_model("sms_spam")
SPEC = replace(
    MAIN,
    search=SearchRules(folds=3, repeats=1),
    candidates=tuple(
        replace(one, grid={name: values[:1] for name, values in one.grid.items()}) for one in MAIN.candidates
    ),
)


def rows_of(count: int, seed: int) -> list[Row]:
    """Every fifth message is of the positive class, and says so."""
    ends = {True: "prize now", False: "home"}
    return [Row(f"{text} {ends[place % 5 == 0]}", int(place % 5 == 0)) for place, text in enumerate(texts(count, seed))]


ROWS, HOLDOUT = rows_of(300, 5), rows_of(100, 6)


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


def on(cluster) -> Backend:
    return training_backend(PipelineSettings(_env_file=None, training_backend="ray", ray_address=cluster.address))


@dataclass(frozen=True)
class Killed:
    """A cluster on which the first task to run takes its worker with it."""

    backend: Backend
    marker: Path

    def each(self, function, tasks):
        return self.backend.each(killed_once(function, self.marker), tasks)


def same(one, other) -> bool:
    return all(
        a.candidate == b.candidate and a.parameters == b.parameters and np.array_equal(a.decisions, b.decisions)
        for a, b in zip(one, other, strict=True)
    )


def test_a_model_made_on_the_cluster_has_the_bytes_of_one_made_here(cluster):
    learned = TrainingSet(rows=tuple(TrainingRow(row=row, origin=Origin.BASE) for row in ROWS))
    here, there = (make(SPEC, learned, HOLDOUT, backend, quiet) for backend in (LocalProcesses(2), on(cluster)))
    assert hashlib.sha256(there.content).hexdigest() == hashlib.sha256(here.content).hexdigest()


def test_a_worker_killed_in_the_middle_of_a_search_changes_nothing(cluster, tmp_path):
    marker = tmp_path / "killed"
    here = search(ROWS, SPEC.candidates, SPEC.search, LocalProcesses(1), quiet)
    there = search(ROWS, SPEC.candidates, SPEC.search, Killed(on(cluster), marker), quiet)
    assert marker.exists()
    assert same(here, there)


def test_a_node_that_vanishes_in_the_middle_of_a_search_changes_nothing(cluster):
    """After the first fold that is done, one of the two nodes goes, with whatever it was doing."""

    def lose_a_node(done: int, total: int, what: str) -> None:
        if done == 1 and what.startswith("folds"):
            cluster.remove_node(next(node for node in cluster.worker_nodes), allow_graceful=False)

    here = search(ROWS, SPEC.candidates, SPEC.search, LocalProcesses(1), quiet)
    try:
        there = search(ROWS, SPEC.candidates, SPEC.search, on(cluster), lose_a_node)
    finally:
        add_node(cluster)
    assert same(here, there)


@pytest.mark.ray
def test_an_address_without_a_cluster_is_named_in_the_error():
    require_ray()
    nowhere = PipelineSettings(_env_file=None, training_backend="ray", ray_address="127.0.0.1:1")
    with pytest.raises(BackendError, match=r"127\.0\.0\.1:1"):
        next(iter(training_backend(nowhere).each(abs, [(1,)])))
