"""End to end, over real processes and HTTP: models of numbers; one of them is released by a canary."""

from pathlib import Path

import pytest

from tests.integration.playing import play

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("model", ["breast_cancer", "sms_numeric"])
def test_drift_of_numbers_ends_with_a_new_version_in_service_and_people_told(model: str, tmp_path: Path):
    play(model, tmp_path / "home")
