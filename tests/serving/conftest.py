"""Fixtures of the service's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "home")
    yield made
    made.store.close()
