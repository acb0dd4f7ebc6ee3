"""A home with a first version for each test, copied from one that is trained once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.faults.deployment import copied, first_version


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template") / "home"
    first_version(home)
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path / "home")


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = open_store(PipelineSettings(_env_file=None, home=home))
    yield opened
    opened.close()
