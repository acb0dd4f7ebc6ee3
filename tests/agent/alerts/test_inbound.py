"""What comes from Slack is answered at once and worked on after, up to a bound."""

import threading

import pytest

from agent.alerts.inbound import Inbound, Kind
from agent.alerts.talk import SlackTalk
from tests.agent.alerts.running_agent import now


def inbound_of(store, clock, **more):
    return Inbound(
        store=store,
        clock=clock,
        approvers=frozenset(),
        carry_on=lambda model: None,
        ask=lambda *_: "",
        model_of=str,
        label_names=lambda model: (),
        talk=SlackTalk(client=None, timeout=1),
        **more,
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_slack_is_answered_before_the_work_is_done(store, kind):
    may_go_on, done = threading.Event(), threading.Event()

    def slow_clock():
        may_go_on.wait(60)
        done.set()
        return now()

    inbound = inbound_of(store, slow_clock)
    answer = inbound.accept(kind, {"type": "block_actions", "event": {}, "trigger_id": "1"})
    assert not done.is_set()  # nothing was looked at yet, and the answer is there
    assert answer == ({"response_type": "ephemeral", "text": "Looking…"} if kind is Kind.COMMAND else {})
    may_go_on.set()
    inbound.close()
    assert done.is_set()


def test_what_is_too_much_is_refused_at_once(store):
    inbound = inbound_of(store, now, room=threading.BoundedSemaphore(1))
    inbound.room.acquire()
    assert "try again" in inbound.accept(Kind.COMMAND, {"text": "?"})["text"]
    assert inbound.accept(Kind.CLICK, {}) == {}
    inbound.close()
