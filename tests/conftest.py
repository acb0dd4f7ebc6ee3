"""What every room's tests may ask for, which of them begin first, and which stay together."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.postgresql import PostgresServer, running_server

# Tests run side by side: further processes and threads within each of them would only get in their way.
os.environ.setdefault("REFIT_TRAINING_PROCESSES", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test holds a time: on a loaded machine any example is slow now and then.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
# The grammar of addresses that jsonschema would load, for seconds, and nothing here checks by.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
CHILDREN = str(Path(__file__).with_name("children"))
# The longest files in their order: they begin first, so that none of them runs alone at the end.
LONGEST = (
    "test_compose.py",
    "test_kills.py",
    "test_logs.py",
    "test_replicas.py",
    "test_straight.py",
    "test_agents.py",
    "test_postgresql.py",
    "test_away.py",
    "test_demo.py",
)
# Its tests share a Ray cluster, and two clusters at once are too many for a small machine.
ONE_CLUSTER = "tests/scaling/"


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("numprocesses", None):  # not for the workers, which run the tests themselves
        others = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (CHILDREN, others)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _Scheduling(config, log)


class _Scheduling(LoadFileScheduling):
    """A file stays with one worker, as its fixtures are; so does the whole room of the cluster."""

    def _split_scope(self, nodeid: str) -> str:
        return ONE_CLUSTER if nodeid.startswith(ONE_CLUSTER) else super()._split_scope(nodeid)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that is called within a test starts the log of a process; the tests after it shall not hear it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    root.setLevel(level)
