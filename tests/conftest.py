"""What every room's tests may ask for: a PostgreSQL server of their own, where it is installed."""

import logging
from collections.abc import Iterator

import pytest

from tests.postgresql import PostgresServer, running_server

# A file stays with one worker: these begin first, so that none of them runs alone at the end.
LONGEST = {"test_kills.py", "test_straight.py", "test_postgresql.py", "test_agents.py", "test_away.py", "test_demo.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


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
