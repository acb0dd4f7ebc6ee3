"""A store of its own for each test."""

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.migrated import migrated


@pytest.fixture
def settings(tmp_path):
    return PipelineSettings(_env_file=None, home=migrated(tmp_path))


@pytest.fixture
def store(settings):
    opened = open_store(settings)
    yield opened
    opened.close()
