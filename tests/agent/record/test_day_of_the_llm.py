"""The daily limits of the deciding model count the whole day, of every model, however many decisions there were."""

from datetime import timedelta

from agent.record import ledger
from agent.record.history import spent_last_day
from agent.record.ledger import EntryKind
from agent.record.usage import Usage
from tests.agent.fakes import NOON

ON_POSTGRESQL_TOO = True

THOUGHT = {"asked": True, "calls": 1, "input_tokens": 8, "output_tokens": 2, "cost_usd": 0.5}
UNASKED = {"asked": False, "calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": None}


def note(store, hours_ago, thought=THOUGHT, model="a"):
    at = NOON - timedelta(hours=hours_ago)
    body, name = {"deliberation": thought}, f"d{hours_ago}{model}"
    ledger.append(store.control, decision_id=name, model=model, kind=EntryKind.DECISION, at=at, body=body)


def test_a_day_of_more_decisions_than_any_page_is_counted_whole(store):
    for place in range(2_100):
        note(store, 20 - place / 1_000)
    assert spent_last_day(store.control, NOON) == Usage(calls=2_100, tokens=21_000, usd=1_050.0)


def test_of_every_model_only_what_was_asked_in_the_last_day_counts(store):
    for hours_ago in (60, 30, 24.5, 23.5, 2):
        note(store, hours_ago)
    note(store, 1, model="b")
    note(store, 0.5, thought=UNASKED)
    assert spent_last_day(store.control, NOON) == Usage(calls=3, tokens=30, usd=1.5)


def test_clocks_that_differ_a_little_hide_nothing(store):
    for hours_ago in (23.2, 24.6, 23.1, 24.4, 1):
        note(store, hours_ago)
    assert spent_last_day(store.control, NOON).calls == 3
