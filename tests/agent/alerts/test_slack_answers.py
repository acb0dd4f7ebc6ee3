"""Approvals, labels and questions over a running agent and a running Slack: HTTP, Socket Mode, forged and replayed."""

import json

import httpx
import pytest
from sqlalchemy import insert, select

from agent.acting.approvals import ApprovalState
from agent.alerts import buttons
from agent.alerts.buttons import Purpose
from agent.record import ledger
from pipeline.releases import promotion
from pipeline.store import telemetry
from tests.agent.alerts.running_agent import Running, now
from tests.agent.builders import DRIFTED
from tests.agent.fakes import MODEL
from tests.waiting import until


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    opened = Running(tmp_path_factory.mktemp("slack"))
    yield opened
    opened.stop()


def test_an_approval_is_given_once_and_the_second_click_is_told_who_decided(running):
    post, approval_id = running.ask_for_approval()
    answer = running.click(post, "Approve", times=2)  # the very same request twice: a replay
    assert answer["status"] == 200
    approval = until(lambda: (one := running.state(approval_id)).decided_by and one, what="the approval")
    assert approval.decided_by == "slack:U0ANN"
    wanted = approval.binding.arguments["version"]
    until(lambda: promotion.pointer(running.store.control, MODEL).version == wanted, what="the promotion")
    replaced = until(lambda: running.responses("Approved by <@U0ANN>"), what="the answer")
    assert len(replaced) == 1
    assert all(block["type"] != "actions" for block in replaced[0]["blocks"])
    second = buttons.make(
        running.store.control, Purpose.REJECT, MODEL, {"approval_id": approval_id}, now().replace(year=2100)
    )
    refused = _signed_click(running, second, "U0BOB")
    assert refused.status_code == 200
    until(lambda: running.responses("Decided by <@U0ANN>"), what="the second answer")
    assert running.state(approval_id).decided_by == "slack:U0ANN"


def _signed_click(running, button_id, user):
    """A click as Slack would send it, for a button that is on no message any more."""
    from urllib.parse import urlencode

    from slack_sdk.signature import SignatureVerifier

    from tests.agent.alerts.fake_slack_requests import SECRET

    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "trigger_id": button_id,
        "response_url": f"{running.slack.url}/actions/0",
        "actions": [{"action_id": "x", "value": button_id}],
    }
    body = urlencode({"payload": json.dumps(payload)})
    timestamp = str(int(now().timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    return httpx.post(f"{running.url}/slack/interactions", content=body, headers=headers)


def test_what_was_decided_is_carried_out_and_written_on_the_question(running):
    post, approval_id = running.ask_for_approval()
    running.click(post, "Reject")
    until(lambda: running.state(approval_id).state is ApprovalState.REJECTED, what="the rejection")
    decision_id = running.state(approval_id).binding.decision_id
    until(lambda: ledger.has(running.store.control, f"{decision_id}:closed"), what="carrying it out")
    update = until(
        lambda: [one for one in running.slack.of("update") if one["ts"] == post["ts"]], what="the update in Slack"
    )
    assert "Rejected by slack:U0ANN" in json.dumps(update[0]["blocks"])
    answers = until(lambda: running.slack.saying(f"approval:{approval_id}:answered"), what="the answer in the thread")
    assert answers[0]["thread_ts"] is not None
    assert (
        promotion.pointer(running.store.control, MODEL).version
        != running.state(approval_id).binding.arguments["version"]
    )


def test_who_is_not_an_approver_changes_nothing_and_is_told_so(running):
    post, approval_id = running.ask_for_approval()
    running.click(post, "Approve", user="U0EVE")
    until(lambda: running.responses("not among those who may answer"), what="the refusal")
    assert running.state(approval_id).state is ApprovalState.PENDING


@pytest.mark.parametrize(
    "forgery",
    [{"secret": "another-secret"}, {"old": 301}, {"old": -900}, {"tampered": True}],
    ids=["secret", "old", "future", "tampered"],
)
def test_a_forged_or_an_old_request_is_refused(running, forgery):
    answer = running.slack.control("command", text="a forged question", user="U0ANN", to=running.url, **forgery)
    assert (answer["status"], answer["answer"]["error"]["code"]) == (401, "not_signed")
    assert running.slack.saying("a forged question") == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Slack-Signature": "v0=1"}, {"X-Slack-Signature": "v0=é", "X-Slack-Request-Timestamp": "never"}],
)
@pytest.mark.parametrize("path", ["interactions", "commands", "events"])
def test_a_request_without_a_signature_is_refused_even_with_a_token_of_ours(running, path, headers):
    ours = {"Authorization": "Bearer a-token-of-the-operator"}
    coded = {name: value.encode() for name, value in (headers | ours).items()}
    answer = httpx.post(f"{running.url}/slack/{path}", content=b"\xff{}", headers=coded)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed")


def test_the_door_of_slack_opens_nothing_else(running):
    assert httpx.post(f"{running.url}/slack/nothing").status_code == 404
    assert httpx.get(f"{running.url}/slack/events").status_code == 405
    assert httpx.get(f"{running.url}/decisions").status_code == 401
    large = httpx.post(f"{running.url}/slack/events", content=b"x" * 1_100_000)
    assert large.status_code == 413


def test_an_approval_over_socket_mode_is_acknowledged_and_counts_once_though_it_comes_again(running):
    until(lambda: running.slack.of("connected"), what="Socket Mode")
    post, approval_id = running.ask_for_approval()
    answer = running.click(post, "Approve", to=None, deaf=True)  # the first acknowledgement is lost
    assert answer["status"] == 200
    until(lambda: running.state(approval_id).decided_by == "slack:U0ANN", what="the approval")
    assert len(until(lambda: running.responses("Approved by"), what="the answer")) >= 1


def test_socket_mode_comes_back_after_a_cut_and_after_a_polite_goodbye(running):
    for politely in (False, True):
        before = len(running.slack.of("connected"))
        running.slack.control("disconnect", politely=politely)
        until(lambda count=before: len(running.slack.of("connected")) > count, what="the new connection")
    answer = running.slack.control("command", text="help", user="U0EVE")
    assert (answer["status"], answer["answer"]["text"]) == (200, "Looking…")


def test_a_command_is_answered_in_a_thread_of_its_own(running):
    question = "how is sms_spam? <!channel> & co"
    answer = running.slack.control("command", text=question, user="U0EVE", to=running.url)
    assert (answer["status"], answer["answer"]["response_type"]) == (200, "ephemeral")
    (root,) = until(lambda: running.slack.saying("asks: how is sms_spam"), what="the question")
    assert "<!channel>" not in root["text"]
    replies = until(
        lambda: [post for post in running.slack.posts if post["thread_ts"] == root["ts"]], what="the answer"
    )
    assert replies[0]["text"]


def test_a_mention_is_answered_under_it_once_though_slack_sends_it_again(running):
    root = next(post for post in running.slack.posts if post["thread_ts"] is None and post.get("metadata"))
    asked = {"text": "<@U0REFIT> what was decided last?", "user": "U0EVE", "ts": root["ts"], "event_id": "Ev1"}
    for _ in range(2):
        assert running.slack.control("mention", to=running.url, **asked)["status"] == 200

    def answers():
        under = [post for post in running.slack.posts if post["thread_ts"] == root["ts"]]
        return [post for post in under if not post.get("metadata")]

    until(answers, what="the answer")
    running.slack.control("mention", to=running.url, **asked | {"event_id": "Ev2", "bot": True})
    running.slack.control("mention", to=running.url, **asked | {"event_id": "Ev3", "text": "<@U0REFIT>"})
    until(lambda: len(answers()) == 2, what="the help")  # the bot's own words and the repetition got none
    assert "Ask about a model" in json.dumps(answers()[1]["blocks"])


def test_an_address_that_slack_checks_is_answered(running):
    from slack_sdk.signature import SignatureVerifier

    from tests.agent.alerts.fake_slack_requests import SECRET

    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    timestamp = str(int(now().timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    answer = httpx.post(f"{running.url}/slack/events", content=body, headers=headers)
    assert answer.json() == {"challenge": "abc"}


def test_a_label_is_written_once_by_an_approver(running):
    subject = {"prediction_id": "p-1", "label": 1, "source": "queue"}
    button_id = buttons.make(running.store.control, Purpose.LABEL, MODEL, subject, now().replace(year=2100))
    table = telemetry.predictions
    row = {"prediction_id": "p-1", "model": MODEL, "version": 1, "slot": "champion", "at": now(), "input": '"a"'}
    with running.store.telemetry.begin() as connection:
        connection.execute(insert(table).values(**row, prediction=0, score=0.4))

    def labels():
        with running.store.telemetry.connect() as connection:
            return connection.execute(select(telemetry.labels.c.label, telemetry.labels.c.source)).all()

    _signed_click(running, button_id, "U0ANN")
    until(lambda: running.responses("Noted: spam"), what="the thanks")
    assert labels() == [(1, "queue")]


def test_an_unknown_and_an_expired_button_change_nothing(running):
    subject = {"prediction_id": "p-of-old", "label": 1, "source": "queue"}
    old = buttons.make(running.store.control, Purpose.LABEL, MODEL, subject, now().replace(year=2020))
    _signed_click(running, old, "U0ANN")
    _signed_click(running, "0" * 32, "U0ANN")
    until(lambda: running.responses("has expired"), what="the first refusal")
    until(lambda: running.responses("not known here"), what="the second refusal")
    assert buttons.find(running.store.control, old).used_by is None
    with running.store.telemetry.connect() as connection:
        assert "p-of-old" not in connection.execute(select(telemetry.labels.c.prediction_id)).scalars().all()


def test_what_waits_is_listed_over_http_and_no_secret_stands_in_the_log(running):
    token = {"Authorization": "Bearer a-token-of-the-operator"}
    until(lambda: running.check(DRIFTED), what="a free lease")
    found = httpx.get(f"{running.url}/alerts", headers=token).json()
    assert [row["channel"] for row in found["channels"]] == ["slack"]
    assert found["dead_letters"] == []
    assert httpx.post(f"{running.url}/alerts/retry", json={}, headers=token).json() == {"queued_again": 0}
    assert httpx.post(f"{running.url}/alerts/retry", json={}).status_code == 401
    log = running.log.read_text()
    assert not [word for word in ("xoxb-", "xapp-", "a-signing-secret", "a-token-of") if word in log]
