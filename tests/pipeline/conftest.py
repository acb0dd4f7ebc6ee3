"""A fresh, migrated pair of databases for each test; tests that ask for `store` run on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.migrated import migrated
from tests.pipeline.builders import settings_in
from tests.postgresql import BOTH_DATABASES


@pytest.fixture(params=BOTH_DATABASES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> PipelineSettings:
    if request.param == "sqlite":
        return settings_in(migrated(tmp_path))
    return request.getfixturevalue("postgresql_server").fresh_pair(tmp_path)


@pytest.fixture
def store(settings: PipelineSettings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()
