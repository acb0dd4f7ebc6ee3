"""End to end, over real processes and HTTP: the sentiment of reviews; and that no managed model is left out."""

from pathlib import Path

import pytest

from pipeline.catalog import shelf
from tests.integration.playing import play
from tests.integration.stories import STORIES

pytestmark = pytest.mark.integration


def test_every_managed_model_has_its_story():
    assert set(STORIES) == set(shelf(None).specs)


def test_another_kind_of_text_ends_with_a_new_version_in_service_and_people_told(tmp_path: Path):
    play("sentiment", tmp_path / "home")
