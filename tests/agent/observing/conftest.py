"""A champion that serves, and an observer of it."""

import pytest

from agent.observing.evidence import Observer
from tests.agent.fakes import add_champion
from tests.agent.observing.looking import SMALL
from tests.agent.traffic import artifact


@pytest.fixture
def world(settings, store):
    """A champion with a real artefact since noon."""
    add_champion(store, artifact(settings.artifact_dir))
    return store


@pytest.fixture
def observer(settings, world):
    return Observer(world, settings.artifact_dir, SMALL)
