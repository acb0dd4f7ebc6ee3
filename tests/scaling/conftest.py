"""One cluster for all tests of this folder, and one log that they read."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store
from tests.scaling.champions_log import champion_with_log
from tests.scaling.cluster import two_nodes


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    with two_nodes() as running:
        yield running


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> PipelineSettings:
    return PipelineSettings(_env_file=None, home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def store(settings: PipelineSettings) -> Iterator[Store]:
    with champion_with_log(settings) as opened:
        yield opened
