"""End to end, over real processes and HTTP: the two models of SMS spam that are promoted at once."""

from pathlib import Path

import pytest

from tests.integration.playing import play

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("model", ["sms_spam", "sms_spam_f1"])
def test_a_campaign_ends_with_a_better_version_in_service_and_people_told(model: str, tmp_path: Path):
    play(model, tmp_path / "home")
