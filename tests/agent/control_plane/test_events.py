"""The webhook that announces data: queued before it is answered, looked at once, whatever is sent again or killed."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from agent.alerts.payload import signature
from agent.control_plane.api import Parts, create_api
from agent.control_plane.roles import Tokens
from agent.errors import AgentError, BusyError
from agent.passes import Passes
from agent.record import ledger
from agent.schedule import data_events
from agent.schedule.arrivals import look_at_arrivals
from agent.schedule.clockwork import Clockwork
from agent.schedule.data_events import MOST_ATTEMPTS, EventState, pause_after
from agent.schedule.duties import Duties
from agent.schedule.housekeeping import Housekeeping
from agent.schedule.presence import Presence
from agent.schedule.turns import Turns
from tests.agent.fakes import MODEL, NOON
from tests.agent.world import loop_in
from tests.waiting import until

ON_POSTGRESQL_TOO = True

LOCAL = "http://127.0.0.1:8100"
OPERATOR, VIEWER = SecretStr("the-operators-token"), SecretStr("the-viewers-tokens")
SECRET = SecretStr("a-secret-that-signs")


@pytest.fixture
def loop(home, store):
    return loop_in(home, store)


@pytest.fixture
def plane(loop, store):
    passes = Passes({MODEL: loop})

    def open_plane(**changes):
        parts = Parts(store=store, loops=passes.loops, passes=passes, clock=loop.clock, **changes)
        return TestClient(
            create_api(parts), base_url=LOCAL, raise_server_exceptions=False, client=("127.0.0.1", 50_000)
        )

    yield open_plane
    passes.close()


def announced(client, **said):
    return client.post("/events/data", json={"model": MODEL, **said})


def test_an_event_is_queued_and_one_look_answers_for_all_that_wait(plane, loop, store):
    client = plane()
    answers = [announced(client, event_id=f"e{number}", rows=10) for number in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert [answer.json()["state"] for answer in answers] == ["queued"] * 3
    look_at_arrivals(store, loop, loop.clock)
    listed = client.get("/events/data").json()["events"]
    assert {event["state"] for event in listed} == {"handled"}
    (decision,) = ledger.decisions(store.control)
    assert {event["decision_id"] for event in listed} == {decision.decision_id}
    look_at_arrivals(store, loop, loop.clock)
    assert len(ledger.decisions(store.control)) == 1


def test_the_same_event_sent_again_changes_nothing_and_one_without_an_id_is_new(plane, loop, store):
    client = plane()
    assert announced(client, event_id="e1").json()["new"] is True
    again = announced(client, event_id="e1")
    assert (again.status_code, again.json()["new"]) == (202, False)
    look_at_arrivals(store, loop, loop.clock)
    handled = announced(client, event_id="e1").json()
    assert (handled["new"], handled["state"]) == (False, "handled")
    assert announced(client).json()["new"] is True
    assert announced(client).json()["new"] is True
    assert len(client.get("/events/data").json()["events"]) == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "nothing"}, 404),
        ({}, 422),
        ({"model": MODEL, "event_id": "two words"}, 422),
        ({"model": MODEL, "rows": -1}, 422),
        ({"model": MODEL, "more": 1}, 422),
        ({"model": MODEL, "source": "<script>"}, 422),
    ],
)
def test_an_event_that_says_something_else_is_refused(plane, body, status):
    assert plane().post("/events/data", json=body).status_code == status


def test_an_event_is_the_operators_to_send(plane):
    client = plane(tokens=Tokens(operator=OPERATOR, viewer=VIEWER))
    for token, status in ((None, 401), (VIEWER, 403), (OPERATOR, 202)):
        headers = {"authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        assert client.post("/events/data", json={"model": MODEL}, headers=headers).status_code == status


def signed(body, at, secret=SECRET):
    stamp = int(at.timestamp())
    return {"x-refit-timestamp": str(stamp), "x-refit-signature": signature(body, secret.get_secret_value(), stamp)}


def test_with_a_secret_only_a_fresh_signature_of_that_very_body_counts(plane):
    client, body = plane(events_secret=SECRET), f'{{"model": "{MODEL}"}}'.encode()
    good = signed(body, NOON)
    assert client.post("/events/data", content=body, headers=good).status_code == 202
    bad = [
        {},
        signed(body, NOON, SecretStr("another-secret-here")),
        signed(body, NOON - timedelta(minutes=6)),
        signed(body + b" ", NOON),
        good | {"x-refit-timestamp": "yesterday"},
        good | {"x-refit-timestamp": "9" * 400},
        good | {"x-refit-timestamp": "9" * 5_000},
        good | {"x-refit-signature": "é"},
    ]
    for headers in bad:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        assert client.post("/events/data", content=body, headers=raw).status_code == 401


def test_a_busy_model_is_looked_at_when_it_is_free_by_the_clockwork(plane, store):
    client = plane()
    announced(client, event_id="e1")
    busy, made = [BusyError(MODEL, "other", NOON) for _ in range(2)], []

    def arrival():
        if busy:
            raise busy.pop()
        places = data_events.waiting(store.control, datetime.now(UTC)).get(MODEL, ())
        if places:
            made.append(places)
            data_events.handled(store.control, places, "d1", datetime.now(UTC))

    works = Clockwork(
        Turns(store.control, [], Presence(store.control, "one", timedelta(seconds=60))),
        Duties(
            looks={},
            arrivals={MODEL: arrival},
            arrived=lambda: data_events.waiting(store.control, datetime.now(UTC)),
        ),
        Housekeeping(),
        clock=lambda: datetime.now(UTC),
        tick_seconds=0.1,
    )
    works.start()
    try:
        until(lambda: made, "a look")
    finally:
        works.close()
    assert len(made) == 1


def test_a_look_that_fails_is_tried_again_later_and_given_up_at_last(plane, loop, store, monkeypatch):
    announced(plane(), event_id="e1")

    def fail(_self, **_):
        raise AgentError("no luck")

    monkeypatch.setattr(type(loop), "check", fail)
    for attempt in range(MOST_ATTEMPTS):
        with pytest.raises(AgentError):
            look_at_arrivals(store, loop, loop.clock)
        assert data_events.waiting(store.control, loop.clock()) == {}
        loop.clock.forward(minutes=pause_after(attempt + 1).total_seconds() / 60)
    (event,) = data_events.events(store.control)
    assert (event.state, event.attempts, event.last_error) == (EventState.GIVEN_UP, MOST_ATTEMPTS, "AgentError")
