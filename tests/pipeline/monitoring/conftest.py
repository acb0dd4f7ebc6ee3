"""The profiles that several tests look at: one of drawn texts, one of the real collection."""

import pytest

from pipeline.catalog import managed_model
from pipeline.data.homes import Homes, assign_homes
from pipeline.errors import DataUnavailableError
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.settings import PipelineSettings
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
