"""Alerts of which a part goes wrong: a label whose first writing fails, a mail that one receiver does not get."""

import logging
import socket

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from agent.alerts import buttons
from agent.alerts.buttons import Purpose
from agent.alerts.channels import Context, SendError
from agent.alerts.inbound import Inbound, Kind
from agent.alerts.links import Places
from agent.alerts.mail_channel import Mail
from pipeline.store import telemetry
from tests.agent.alerts.builders import notice_with
from tests.agent.fakes import MODEL, NOON

ON_POSTGRESQL_TOO = True


class Talk:
    """Remembers what people were told."""

    def __init__(self):
        self.said = []

    def whisper(self, response_url, words):
        self.said.append(words)


@pytest.fixture
def talk():
    return Talk()


@pytest.fixture
def click(store, talk):
    """A click on a button by an approver, worked on before it returns; each click is a request of its own."""
    subject = {"prediction_id": "p-1", "label": 1, "source": "queue"}
    button_id = buttons.make(store.control, Purpose.LABEL, MODEL, subject, NOON.replace(year=2100))

    def clicked(trigger_id, user="U0ANN", button_id=button_id):
        inbound = Inbound(
            store=store,
            clock=lambda: NOON,
            approvers=frozenset({"U0ANN", "U0BOB"}),
            carry_on=lambda model: None,
            ask=lambda *_: "",
            model_of=str,
            label_names=lambda model: ("ham", "spam"),
            talk=talk,
        )
        payload = {
            "type": "block_actions",
            "trigger_id": trigger_id,
            "user": {"id": user},
            "response_url": "https://hooks.slack.com/1",
            "actions": [{"value": button_id}],
        }
        inbound.accept(Kind.CLICK, payload)
        inbound.close()

    return clicked


def labels(store):
    with store.telemetry.connect() as connection:
        return connection.execute(select(telemetry.labels.c.prediction_id, telemetry.labels.c.label)).all()


def renamed(store, old, new):
    with store.telemetry.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_a_label_that_could_not_be_written_is_written_by_the_next_click(store, click, talk):
    renamed(store, "labels", "labels_away")
    click("1")
    renamed(store, "labels_away", "labels")
    assert labels(store) == []
    click("2")
    assert labels(store) == [("p-1", 1)]
    assert "click again" in talk.said[0]
    assert talk.said[1].startswith("Noted: spam")


def test_a_button_that_was_used_labels_nothing_again(store, click, talk):
    click("1")
    click("2", user="U0BOB")
    assert labels(store) == [("p-1", 1)]
    assert talk.said[1] == "<@U0ANN> has labelled this already."


def test_an_unknown_an_expired_and_a_stranger_s_click_write_nothing(store, click, talk):
    subject = {"prediction_id": "p-2", "label": 1, "source": "queue"}
    old = buttons.make(store.control, Purpose.LABEL, MODEL, subject, NOON.replace(year=2020))
    click("1", button_id=old)
    click("2", button_id="0" * 32)
    click("3", user="U0EVE")
    assert labels(store) == []
    assert buttons.find(store.control, old).used_by is None
    assert ["expired" in talk.said[0], "not known" in talk.said[1], "not among" in talk.said[2]] == [True] * 3


class Picky:
    """A mail server that does not know Bob."""

    def __init__(self):
        self.receivers = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("bob"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.receivers += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def picky():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    controller = Controller(Picky(), hostname="127.0.0.1", port=port)
    controller.start()
    yield controller
    controller.stop()


def mail(controller, *to):
    return Mail(
        server="127.0.0.1", port=controller.port, sender="refit@ours.example", to=to, places=Places(), tls=False
    )


def test_a_receiver_who_is_refused_is_told_in_the_log_by_the_code_alone(picky, caplog):
    with caplog.at_level(logging.WARNING, logger="refit.alerts"):
        mail(picky, "ann@ours.example", "bob@ours.example").send(notice_with(), Context())
    assert picky.handler.receivers == ["ann@ours.example"]
    (line,) = [record.getMessage() for record in caplog.records if record.name == "refit.alerts"]
    assert "refused 1 of 2 receivers (550)" in line
    assert "bob" not in line
    assert "example" not in line


def test_a_mail_that_everybody_gets_is_not_spoken_of_and_one_that_nobody_gets_is_an_error(picky, caplog):
    with caplog.at_level(logging.WARNING, logger="refit.alerts"):
        mail(picky, "ann@ours.example").send(notice_with(), Context())
    assert [record for record in caplog.records if record.name == "refit.alerts"] == []
    with pytest.raises(SendError, match="550"):
        mail(picky, "bob@ours.example").send(notice_with(), Context())
