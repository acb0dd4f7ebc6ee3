"""What alerts forget, on both databases: what is old, but never what a thread that goes on still needs."""

from datetime import timedelta

import pytest

from agent.alerts import incident_store, outbox
from agent.alerts.incidents import Change, Incident, IncidentKind
from tests.agent.alerts.builders import notice_with
from tests.agent.fakes import Clock

ON_POSTGRESQL_TOO = True

KEEP = timedelta(days=30)
CLAIMED_FOR = timedelta(seconds=20)


@pytest.fixture
def clock():
    return Clock()


def queue(store, clock, *keys, thread="d1"):
    with store.control.begin() as connection:
        outbox.put(connection, [notice_with(key=key, thread=thread) for key in keys], ["webhook"], clock())


def end(store, clock, count, *, refused=False):
    for row in outbox.waiting(store.control, "webhook")[:count]:
        taken = outbox.claim(store.control, row.seq, clock(), CLAIMED_FOR)
        if refused:
            outbox.given_up(store.control, taken, "refused", clock())
        else:
            outbox.sent(store.control, taken, None, clock())


def incident(store, clock, *, resolved=False):
    one = Incident(incident_id="d1", model="sms_spam", kind=IncidentKind.TROUBLE, opened_at=clock())
    with store.control.begin() as connection:
        incident_store.apply(connection, Change(opened=(one,)))
        if resolved:
            over = Incident(**vars(one) | {"resolved_at": clock(), "resolution": "It is over."})
            incident_store.apply(connection, Change(resolved=(over,)))


def forget(store, clock):
    return outbox.forget(store.control, clock() - KEEP)


def root(store, thread="d1"):
    found = outbox.root_of(store.control, "webhook", thread)
    return found.notice.key if found else None


def test_old_rows_are_forgotten_but_for_the_first_of_a_thread_in_which_something_waits(store, clock):
    queue(store, clock, "1", "2", "3")
    end(store, clock, 2)
    clock.forward(hours=24 * 31)
    assert forget(store, clock) == 1
    assert root(store) == "1"
    assert len(outbox.waiting(store.control, "webhook")) == 1


def test_the_first_row_stays_while_its_incident_is_open_however_old_it_is(store, clock):
    incident(store, clock)
    queue(store, clock, "1", "2")
    end(store, clock, 2)
    clock.forward(hours=24 * 400)
    assert forget(store, clock) == 1
    assert root(store) == "1"


def test_a_thread_that_is_over_goes_as_a_whole_and_a_later_notice_begins_one_of_its_own(store, clock):
    incident(store, clock, resolved=True)
    queue(store, clock, "1", "2")
    queue(store, clock, "other", thread="d2")
    end(store, clock, 3)
    clock.forward(hours=24 * 29)
    assert forget(store, clock) == 0
    clock.forward(hours=24 * 2)
    assert forget(store, clock) == 3
    assert root(store) is None
    assert root(store, "d2") is None
    queue(store, clock, "late")
    end(store, clock, 1)
    assert root(store) == "late"


def test_an_incident_that_was_over_lately_keeps_the_first_row_of_its_old_thread(store, clock):
    queue(store, clock, "1")
    end(store, clock, 1)
    clock.forward(hours=24 * 31)
    incident(store, clock, resolved=True)
    assert forget(store, clock) == 0
    clock.forward(hours=24 * 31)
    assert forget(store, clock) == 1


def test_a_thread_with_a_young_notice_keeps_its_first_message_and_no_dead_letter_stands_in_for_it(store, clock):
    queue(store, clock, "dead", "first", "second")
    end(store, clock, 1, refused=True)
    end(store, clock, 2)
    clock.forward(hours=24 * 31)
    queue(store, clock, "young")
    end(store, clock, 1)
    assert forget(store, clock) == 2
    assert root(store) == "first"
    assert outbox.dead_letters(store.control) == []


def test_an_incident_is_forgotten_long_after_it_was_over_and_never_while_it_is_open(store, clock):
    incident(store, clock)
    clock.forward(hours=24 * 400)
    assert incident_store.forget(store.control, clock() - KEEP) == 0
    incident(store, clock, resolved=True)
    assert incident_store.forget(store.control, clock() - KEEP) == 0
    clock.forward(hours=24 * 31)
    assert incident_store.forget(store.control, clock() - KEEP) == 1
    assert incident_store.incidents(store.control) == []
