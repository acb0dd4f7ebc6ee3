"""The commands, and that docs/alerts.md names every setting, notice and route."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.__main__ import app
from agent.alerts import outbox
from agent.alerts.notice import NoticeKind
from agent.alerts.settings import AlertSettings
from agent.alerts.slack_http import ROUTES
from pipeline.store.engine import writing
from tests.agent.alerts.builders import notice_with
from tests.agent.alerts.fake_slack import BOT
from tests.agent.alerts.fake_slack_requests import CHANNEL
from tests.agent.fakes import Clock

PAGE = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()


@pytest.fixture
def alone(home, monkeypatch):
    """The environment of a deployment without a channel."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("REFIT_HOME", str(home))
    for name in ("SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL", "SMTP_SERVER", "ALERT_EMAIL", "ALERT_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def run(*words):
    return CliRunner().invoke(app, ["alerts", *words])


def test_without_a_channel_it_is_said_what_to_set(alone):
    for command in ("status", "test"):
        assert "SLACK_BOT_TOKEN" in run(command).stdout
    assert (run("status").exit_code, run("test").exit_code) == (0, 1)


def test_a_channel_is_tried_out_past_the_outbox(alone, store, slack):
    for name, value in {"SLACK_BOT_TOKEN": BOT, "SLACK_CHANNEL": CHANNEL}.items():
        alone.setenv(name, value)
    alone.setenv("REFIT_ALERTS_SLACK_API_URL", f"{slack.url}/api/")
    found = run("test", "--json")
    assert (found.exit_code, json.loads(found.stdout)["channels"][0]["error"]) == (0, None)
    assert slack.saying("Refit can reach you here")
    assert outbox.tallies(store.control) == {}
    alone.setenv("SLACK_BOT_TOKEN", "xoxb-of-nobody")
    failed = run("test")
    assert failed.exit_code == 1
    assert "invalid_auth" in failed.stdout
    assert "xoxb" not in failed.output


def test_dead_letters_are_listed_and_sent_again_by_number(alone, store):
    clock = Clock()
    with writing(store.control).begin() as connection:
        outbox.put(connection, [notice_with()], ["slack"], clock())
    taken = outbox.claim(store.control, 1, clock(), timedelta(seconds=20))
    outbox.given_up(store.control, taken, "Slack answered 200 invalid_blocks", clock())
    found = run("status")
    assert found.exit_code == 1
    assert "messages have drifted" in found.stdout
    assert "alerts retry 1" in found.stdout
    assert (run("retry", "7").exit_code, run("retry", "1").exit_code) == (1, 0)
    assert len(outbox.waiting(store.control, "slack")) == 1
    status = json.loads(run("status", "--json").stdout)
    assert [(row["channel"], row["waiting"], row["set_up"]) for row in status["channels"]] == [("slack", 1, False)]


def names_of_settings():
    for name, field in AlertSettings.model_fields.items():
        alias = field.validation_alias
        choices = getattr(alias, "choices", [alias] if alias else [f"REFIT_ALERTS_{name.upper()}"])
        yield choices[0]


@pytest.mark.parametrize("name", sorted(set(names_of_settings()) - {"REFIT_ALERTS_SLACK_API_URL"}))
def test_every_setting_is_in_the_docs(name):
    assert name in PAGE or name.replace("REFIT_ALERTS", "") in re.findall(r"`(_[A-Z_]+)`", PAGE)


@pytest.mark.parametrize("kind", sorted(set(NoticeKind) - {NoticeKind.TEST}))
def test_every_kind_of_notice_is_in_the_table(kind):
    words = kind.value.replace("_", " ")
    table = PAGE.partition("| notice |")[2].partition("\n\n")[0]
    assert words in table


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_every_route_of_slack_is_in_the_docs(route):
    assert f"POST /slack/{route}" in PAGE
