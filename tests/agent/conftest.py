"""A migrated pair of databases for each test, copied from one that is migrated once."""

import shutil
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template")
    open_store(PipelineSettings(_env_file=None, home=folder)).close()
    return folder


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Path:
    for file in template.glob("*.db"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path


@pytest.fixture
def settings(home: Path) -> PipelineSettings:
    return PipelineSettings(_env_file=None, home=home)


@pytest.fixture
def store(settings: PipelineSettings):
    opened = open_store(settings)
    yield opened
    opened.close()
