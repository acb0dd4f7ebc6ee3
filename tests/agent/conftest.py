"""A migrated pair of databases for each test.

Modules that say `ON_POSTGRESQL_TOO = True` run each test that needs a store a second time, on PostgreSQL.
"""

import os
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.migrated import migrated
from tests.postgresql import BOTH_DATABASES


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return migrated(tmp_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if getattr(metafunc.module, "ON_POSTGRESQL_TOO", False) and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", BOTH_DATABASES, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "sqlite")


@pytest.fixture
def settings(home: Path, database: str, request: pytest.FixtureRequest) -> PipelineSettings:
    if database == "postgresql":
        return request.getfixturevalue("postgresql_server").fresh_pair(home)
    return PipelineSettings(_env_file=None, home=home)


@pytest.fixture
def store(settings: PipelineSettings):
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def clean_environment(home, monkeypatch, tmp_path_factory):
    """No setting but the home's, and no .env in the working folder."""
    for name in list(os.environ):
        if name.startswith(("REFIT_", "OPENAI_", "SLACK_", "SMTP_", "ALERT_", "MLFLOW_", "DEFAULT_MODEL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REFIT_HOME", str(home))
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    return monkeypatch
