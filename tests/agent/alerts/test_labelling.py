"""An alert about accuracy offers messages to label, where a setting allows their text to be shown; nowhere else."""

import json

import pytest

from agent.alerts import buttons
from agent.alerts.api import status_of
from agent.alerts.build import build_channels
from agent.alerts.labelling import Labelling
from agent.alerts.links import Places
from agent.alerts.settings import AlertSettings, alert_settings
from agent.alerts.slack_blocks import blocks_of
from agent.errors import AlertSetupError
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from tests.agent.alerts.block_kit import problems
from tests.agent.alerts.builders import notice_with
from tests.agent.fakes import MODEL, Clock, add_champion
from tests.agent.traffic import answered, artifact, texts

SPAM = "WIN a prize <!channel> at https://evil.example/now @here"
PLACES = Places()


@pytest.fixture
def labelling(store, settings):
    clock = Clock()
    add_champion(store, sha256=artifact(settings.artifact_dir))
    answered(store, [SPAM, *texts(40, 7)], clock())
    return Labelling(store=store, artifact_dir=settings.artifact_dir, spec_of=managed_model, clock=clock, most=3)


def test_the_first_messages_of_the_queue_are_shown_each_with_a_button_for_each_label(labelling, store):
    shown = labelling.messages(notice_with(model=MODEL, wants_labels=True))
    assert len(shown) == 3
    assert [button.words for button in shown[0].buttons] == list(managed_model(MODEL).labels)
    ids = [button.button_id for message in shown for button in message.buttons]
    assert len(set(ids)) == 6
    made = buttons.find(store.control, ids[1])
    assert (made.subject["label"], made.subject["source"]) == (1, "queue")
    assert ids[1] not in made.subject["prediction_id"]


def test_what_a_stranger_wrote_is_shown_as_plain_text_without_links_and_mentions(store, settings, labelling):
    everything = Labelling(**vars(labelling) | {"most": 50})
    messages = everything.messages(notice_with(model=MODEL, wants_labels=True))
    (hostile,) = [message for message in messages if "prize" in message.text]
    made = blocks_of(notice_with(), PLACES, (), [hostile])
    assert problems(made) == []
    (block,) = [block for block in made if "prize" in json.dumps(block)]
    assert block["text"]["type"] == "plain_text"
    assert "https://" not in block["text"]["text"]
    assert "@here" not in block["text"]["text"]


def test_no_message_is_shown_where_none_is_wanted_allowed_or_readable(labelling):
    wanted = notice_with(model=MODEL, wants_labels=True)
    assert labelling.messages(notice_with(model=MODEL)) == []
    assert Labelling(**vars(labelling) | {"most": 0}).messages(wanted) == []
    assert labelling.messages(notice_with(model="unknown", wants_labels=True)) == []
    elsewhere = labelling.artifact_dir / "elsewhere"
    assert Labelling(**vars(labelling) | {"artifact_dir": elsewhere}).messages(wanted) == []


SLACK = {"slack_bot_token": "xoxb-1", "slack_channel": "C1", "slack_signing_secret": "s", "slack_approvers": "U1"}


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ({"show_text": True}, 5),
        ({}, 0),
        ({"show_text": True, "slack_approvers": ""}, 0),
        ({"show_text": True, "slack_signing_secret": None}, 0),
    ],
)
def test_text_is_shown_only_where_it_is_allowed_and_somebody_may_click(store, settings, more, most):
    chosen = AlertSettings(_env_file=None, **SLACK | more)
    agent = AgentSettings(_env_file=None, pipeline=settings)
    (channel,) = build_channels(chosen, agent, store)
    assert channel.to_label.__self__.most == most


def test_without_an_approver_a_question_names_the_command_instead_of_buttons(store, settings):
    agent = AgentSettings(_env_file=None, pipeline=settings)
    chosen = AlertSettings(_env_file=None, **SLACK | {"slack_approvers": ""})
    (channel,) = build_channels(chosen, agent, store)
    asking = notice_with(ask={"approval_id": "a1", "action": "retrain", "expires_at": Clock()()})
    assert channel.buttons(asking) == ()
    assert status_of(store.control, ["slack"])["channels"][0]["set_up"] is True


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_SERVER", "mail.example", "ALERT_EMAIL"),
        ("SLACK_BOT_TOKEN", "xoxb-very-secret", "SLACK_CHANNEL"),
        ("ALERT_WEBHOOK_SECRET", "too-short", "ALERT_WEBHOOK_SECRET"),
        ("REFIT_ALERTS_QUIET_HOURS", "at night", "22:00-07:00"),
        ("REFIT_ALERTS_AGENT_URL", "javascript:1", "https://refit.example"),
        ("SMTP_PORT", "70000", "SMTP_PORT"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_never_shown(monkeypatch, tmp_path, name, value, said):
    monkeypatch.chdir(tmp_path)
    for other in ("SLACK_BOT_TOKEN", "SLACK_CHANNEL", "SMTP_SERVER", "ALERT_EMAIL"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(AlertSetupError, match=said) as caught:
        alert_settings()
    assert "secret" not in str(caught.value)
    assert value not in str(caught.value)


def test_secrets_are_not_printed(monkeypatch):
    chosen = AlertSettings(_env_file=None, **SLACK | {"slack_webhook_url": "https://hooks.example/T/secret"})
    shown = repr(chosen) + str(chosen)
    assert "xoxb-1" not in shown
    assert "T/secret" not in shown


def test_a_place_that_is_not_given_is_not_linked():
    notice = notice_with()
    assert '"<http' not in json.dumps(blocks_of(notice, PLACES))
