"""What several tests look at: a telemetry database, a profile of drawn texts, one of the real collection."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.catalog import managed_model
from pipeline.data.homes import Homes, assign_homes
from pipeline.errors import DataUnavailableError
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.settings import PipelineSettings
from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema
from tests.pipeline.monitoring.texts import calm_texts


@pytest.fixture(scope="session")
def profile() -> Profile:
    return build_profile(calm_texts(1200, seed=1), seed=7, windows=100)


@pytest.fixture(scope="session")
def collection() -> Homes:
    try:
        return assign_homes(managed_model("sms_spam").load(PipelineSettings()))
    except DataUnavailableError as error:
        pytest.skip(f"The SMS collection is not at hand; run `make data` first. {error}")


@pytest.fixture(scope="session")
def sms_profile(collection: Homes) -> Profile:
    return build_profile([row.input for row in collection.train], seed=7)


@pytest.fixture
def telemetry(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'telemetry.db'}")
    ensure_schema(engine, "telemetry", tmp_path)
    yield engine
    engine.dispose()
