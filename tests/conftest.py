"""What every room's tests may ask for: a PostgreSQL server of their own, where it is installed."""

from collections.abc import Iterator

import pytest

from tests.postgresql import PostgresServer, running_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server
