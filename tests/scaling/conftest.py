"""One cluster for all tests of this folder, and a champion with a log of answers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.agent.fakes import NOON, add_champion
from tests.agent.traffic import WORDS, answered, artifact, labelled, texts
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
    """A champion since noon and seven windows of a hundred answers: the fifth and sixth drift, the last is short."""
    opened = open_store(settings)
    add_champion(opened, artifact(settings.artifact_dir))
    new = [f"zu{word}" for word in WORDS]
    for number, words in enumerate((WORDS, WORDS, WORDS, WORDS, new, new)):
        at = NOON + timedelta(hours=number)
        ids = answered(opened, texts(100, 10 + number, words), at)
        labelled(opened, ids[:40], wrong=number, at=at + timedelta(hours=1))
    answered(opened, texts(20, 99), NOON + timedelta(hours=9))
    yield opened
    opened.close()
