"""A fresh, migrated pair of databases for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.pipeline.builders import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> PipelineSettings:
    return settings_in(tmp_path)


@pytest.fixture
def store(settings: PipelineSettings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()
