"""The fake Slack of a test."""

import pytest

from tests.agent.alerts.slack_process import FakeSlack


@pytest.fixture
def slack(tmp_path):
    fake = FakeSlack(tmp_path / "slack").start()
    yield fake
    fake.stop()
