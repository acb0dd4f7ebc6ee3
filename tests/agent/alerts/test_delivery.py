"""Delivery to a real server: kills, long outages, rate limits, order, two senders at once."""

import json
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from agent.actions import Autonomy
from agent.alerts import outbox
from agent.alerts.build import build_deliverer
from agent.alerts.deliverer import delivering
from agent.alerts.settings import AlertSettings
from agent.settings import AgentSettings
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.agent.alerts.builders import queued
from tests.agent.alerts.fake_slack import BOT, WEBHOOK_PATH
from tests.agent.alerts.fake_slack_requests import CHANNEL
from tests.agent.alerts.slack_process import FakeSlack, Process, slack_settings
from tests.agent.builders import DRIFTED, merged
from tests.agent.fakes import add_champion
from tests.agent.world import loop_in
from tests.waiting import until

LOW = {"accuracy": {"estimate": 0.85, "low": 0.8, "high": 0.9, "p_below_floor": 0.999}}
STEPS = ["messages have drifted", "retraining started", "gate passed", "promoted", "resolved"]


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def slack(tmp_path_factory):
    """One Slack for all tests of this file; each looks at its own messages."""
    fake = FakeSlack(tmp_path_factory.mktemp("slack")).start()
    yield fake
    fake.stop()


@pytest.fixture
def store(home, slack):
    opened = open_store(PipelineSettings(_env_file=None, home=home))
    add_champion(opened, at=now())  # as in life: no two installations promote in the same microsecond
    slack.seen = len(slack.posts)
    yield opened
    opened.close()
    slack.script()


def decide(home, store, **changes):
    """One pass that drifts, retrains and promotes."""
    return loop_in(home, store, clock=now, **changes).check().decision.decision_id


@contextmanager
def sending(home, store, slack, **more):
    """The deliverer in this process, with short waits."""
    fields = {
        "slack_bot_token": BOT,
        "slack_channel": CHANNEL,
        "slack_api_url": f"{slack.url}/api/",
        "poll_seconds": 0.1,
        "lease_seconds": 1.0,
    }
    agent = AgentSettings(_env_file=None, pipeline=PipelineSettings(_env_file=None, home=home))
    with delivering(build_deliverer(AlertSettings(_env_file=None, **fields | more), agent, store)):
        yield


def deliverer(home, slack):
    """The same as a process of its own."""
    return Process(["agent", "alerts", "deliver"], slack_settings(home, slack), home / "deliver.log")


def posts_of(slack):
    """The messages of this test, in the order in which Slack took them."""
    return slack.posts[slack.seen :]


def keys(posts):
    return [post["metadata"]["event_payload"]["id"] for post in posts]


def all_sent(store):
    tally = outbox.tallies(store.control).get("slack")
    return tally is not None and tally.waiting == 0


def in_order(posts, store):
    """Whether each thread's messages came, first time counted, as they were queued."""
    came, wanted = list(dict.fromkeys(keys(posts))), queued(store)
    threads = {notice.thread for notice in wanted}
    by_thread = {thread: [one.key for one in wanted if one.thread == thread] for thread in threads}
    return all([key for key in came if key in mine] == mine for mine in by_thread.values())


def test_a_decision_arrives_in_one_thread_and_in_order_and_its_end_is_written_on_the_first_message(home, store, slack):
    with sending(home, store, slack):
        decision_id = decide(home, store)
        until(lambda: [one for one in queued(store) if one.closes] and all_sent(store), what="the delivery")
    thread = {one.key for one in queued(store) if one.thread == decision_id}
    posts = [post for post in posts_of(slack) if post["metadata"]["event_payload"]["id"] in thread]
    assert [post["thread_ts"] for post in posts] == [None] + [posts[0]["ts"]] * (len(STEPS) - 1)
    assert [word in post["text"] for word, post in zip(STEPS, posts, strict=True)] == [True] * len(STEPS)
    assert [bool(post["reply_broadcast"]) for post in posts] == [False, False, False, True, True]
    (update,) = [one for one in slack.of("update") if one["ts"] == posts[0]["ts"]]
    assert "Resolved at" in json.dumps(update["blocks"])


def test_a_sender_that_is_killed_in_the_middle_loses_nothing_and_keeps_the_order(home, store, slack):
    decide(home, store)
    decide(home, store, evidence=DRIFTED)
    slack.script({"ok": True}, {"ok": True}, {"status": 500, "slow": 2})
    failures = len(slack.of("failed"))
    with deliverer(home, slack) as first:
        until(lambda: len(slack.of("failed")) > failures, what="the third message")
        first.kill()  # while its third message is on the way
    before = keys(posts_of(slack))
    assert len(before) == 2
    assert not all_sent(store)
    with sending(home, store, slack):
        until(lambda: all_sent(store), what="the delivery")
    posts = posts_of(slack)
    assert keys(posts)[:2] == before
    assert set(keys(posts)) == {one.key for one in queued(store)}
    assert in_order(posts, store)
    assert len(keys(posts)) == len(set(keys(posts)))


def test_what_slack_took_without_its_answer_coming_through_is_not_posted_again(home, store, slack):
    slack.script({"lost": True}, {"ok": True}, {"ok": True}, {"lost": True})  # the first of a thread, and one under it
    with sending(home, store, slack):
        decision_id = decide(home, store)
        until(lambda: [one for one in queued(store) if one.closes] and all_sent(store), what="the delivery")
    posts = posts_of(slack)
    assert sorted(keys(posts)) == sorted(one.key for one in queued(store))
    thread = {one.key for one in queued(store) if one.thread == decision_id}
    mine = [post for post in posts if post["metadata"]["event_payload"]["id"] in thread]
    assert {post["thread_ts"] for post in mine[1:]} == {mine[0]["ts"]}  # its receipt was found again
    assert {read["method"] for read in slack.of("read")} >= {"conversations.history", "conversations.replies"}


def test_without_the_right_to_read_the_channel_a_notice_is_posted_again_rather_than_lost(home, store, slack):
    slack.script({"lost": True}, {"ok": True}, {"error": "missing_scope"})  # the other notice goes in between
    decide(home, store, evidence=DRIFTED)
    with sending(home, store, slack):
        until(lambda: queued(store) and all_sent(store), what="the delivery")
    found = keys(posts_of(slack))
    assert set(found) == {one.key for one in queued(store)}
    assert len(found) == len(set(found)) + 1


def test_a_channel_that_is_down_for_long_delays_no_decision_and_gets_everything_later(home, store, slack):
    slack.stop()
    try:
        with sending(home, store, slack):
            first = decide(home, store, autonomy=Autonomy.PROPOSE)
            decide(home, store, evidence=merged(DRIFTED, {"history": {"incident_id": first}}))
            failing = until(
                lambda: (tally := outbox.tallies(store.control).get("slack")) and tally.last_error and tally,
                what="the failure",
            )
            assert "does not answer" in failing.last_error
            assert posts_of(slack) == []
            slack.start()
            until(lambda: all_sent(store), what="the delivery after the outage")
    finally:
        if not slack.running:
            slack.start()
    posts = posts_of(slack)
    assert sorted(keys(posts)) == sorted(one.key for one in queued(store))
    assert in_order(posts, store)


def test_a_rate_limit_is_waited_for_and_a_broken_answer_is_tried_again(home, store, slack):
    slack.script({"status": 429, "retry_after": 2}, {"html": 502}, {"error": "internal_error"})
    before = len(slack.events)
    decide(home, store, evidence=DRIFTED)
    with sending(home, store, slack):
        until(lambda: all_sent(store), what="the delivery")
    limited, following = slack.events[before : before + 2]
    assert limited["status"] == 429
    assert following["at"] - limited["at"] >= 2.0
    posts = posts_of(slack)
    assert sorted(keys(posts)) == sorted(one.key for one in queued(store))


def test_two_senders_at_once_send_each_notice_once(home, store, slack):
    with deliverer(home, slack), sending(home, store, slack):
        until(lambda: (home / "deliver.log").read_text(), what="the other process")
        decide(home, store)
        decide(home, store, evidence=DRIFTED)
        until(lambda: len([one for one in queued(store) if one.closes]) and all_sent(store), what="the delivery")
    found = keys(posts_of(slack))
    assert len(found) == len(set(found))


def test_a_message_that_is_refused_becomes_a_dead_letter_that_can_be_sent_again(home, store, slack):
    slack.script({"error": "invalid_blocks"})
    decide(home, store)
    with sending(home, store, slack):
        until(lambda: outbox.dead_letters(store.control) and all_sent(store), what="the delivery")
        (dead,) = outbox.dead_letters(store.control)
        assert "invalid_blocks" in dead.last_error
        assert set(keys(posts_of(slack))) == {one.key for one in queued(store)} - {dead.notice.key}
        assert outbox.revive(store.control, now(), dead.seq) == 1
        until(lambda: dead.notice.key in keys(posts_of(slack)), what="the dead letter")


def test_a_wrong_token_is_tried_again_and_named_without_being_shown(home, store, slack, caplog):
    token = "xoxb-somebody-elses-secret"
    decide(home, store, evidence=DRIFTED)
    with sending(home, store, slack, slack_bot_token=token):
        failing = until(
            lambda: (tally := outbox.tallies(store.control).get("slack")) and tally.last_error and tally,
            what="the failure",
        )
    assert "invalid_auth" in failing.last_error
    assert failing.waiting > 0
    assert token not in caplog.text


def test_an_incoming_webhook_gets_messages_without_threads(home, store, slack, caplog):
    address = {"slack_bot_token": None, "slack_channel": None, "slack_webhook_url": f"{slack.url}{WEBHOOK_PATH}"}
    slack.script({"status": 503}, {"status": 503})
    decide(home, store)
    with sending(home, store, slack, **address):
        until(lambda: all_sent(store), what="the delivery")
    assert len(slack.of("webhook")) == len(queued(store))
    assert "messages have drifted" in json.dumps(slack.of("webhook"))
    assert "secret-part" not in caplog.text


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_hours_hold_back_all_but_what_is_critical(home, store, slack, quiet):
    hours = [f"{now() + timedelta(hours=hours):%H:%M}" for hours in (-2, 2)]
    held = decide(home, store, evidence=DRIFTED)
    loud = decide(home, store, evidence=LOW)
    with sending(home, store, slack, **({"quiet_hours": "-".join(hours)} if quiet else {})):
        until(lambda: f"{loud}:told" in keys(posts_of(slack)), what="what is critical")
        if not quiet:
            until(lambda: all_sent(store), what="the rest")
    assert (f"{held}:told" in keys(posts_of(slack))) is not quiet


def test_a_backup_of_the_store_sends_nothing_again(home, store, slack, tmp_path_factory):
    """What was sent stands in the same database as what was decided."""
    decide(home, store, evidence=DRIFTED)
    with sending(home, store, slack):
        until(lambda: all_sent(store), what="the delivery")
    store.close()
    copied = tmp_path_factory.mktemp("copy")
    for file in home.glob("*.db*"):
        shutil.copy(file, copied / file.name)
    before = len(slack.posts)
    again = open_store(PipelineSettings(_env_file=None, home=copied))
    with sending(copied, again, slack):
        decide(copied, again, evidence=LOW)
        until(lambda: len(slack.posts) > before and all_sent(again), what="the new one")
    assert len(set(keys(posts_of(slack)))) == len(posts_of(slack))
    again.close()
