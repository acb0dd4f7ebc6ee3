"""Of the earlier decisions those are read that bear on the next one, and they say what all of them say."""

import random
from datetime import timedelta

import pytest

from agent.record import ledger
from agent.record.ledger import EntryKind
from agent.record.past import summarise
from agent.record.recent import FIRST_PAGE, HISTORY, decisions_that_bear
from tests.agent.fakes import MODEL, NOON

ON_POSTGRESQL_TOO = True

HOUR = timedelta(hours=1)
LOOKS = 60
CALM, BETWEEN = {"status": "sufficient"}, {"status": "filling"}
GENERATION = 3


def record(store, number, look):
    """The decision of one look, an hour after the one before it."""
    body = {
        "evidence": {
            "champion": {"generation": look.get("generation", GENERATION)},
            "drift": {"status": look["status"]},
            "history": look.get("history", {}),
        },
        "bounds": {"triggers": look.get("triggers", []), "required": look.get("required", [])},
        "ruling": {"deferred": look.get("deferred", []), "effective": look.get("effective", [])},
    }
    at = NOON + number * HOUR
    ledger.append(store.control, decision_id=f"d{number}", model=MODEL, kind=EntryKind.DECISION, at=at, body=body)


def said_of(decisions):
    return summarise(decisions, [], NOON + 1_000 * HOUR, GENERATION, None, [])


def by_chance(chance):
    """A look in calm, in trouble, between two windows or before the last promotion."""
    known = {"unresolved_breach_hours": 7.0, "incident_id": "d0", "deferrals_in_a_row": 2}
    return {
        "status": chance.choice(["sufficient", "low_power", "filling", "filling", "filling", "stale"]),
        "triggers": ["drift"] if chance.random() < 0.3 else [],
        "required": ["alert"] if chance.random() < 0.3 else [],
        "deferred": ["retrain"] if chance.random() < 0.3 else [],
        "effective": ["retrain"] if chance.random() < 0.1 else [],
        "generation": GENERATION if chance.random() < 0.95 else GENERATION - 1,
        "history": known if chance.random() < 0.5 else {},
    }


@pytest.mark.parametrize("seed", range(4))
def test_they_say_what_all_decisions_say(store, seed):
    chance = random.Random(seed)
    for number in range(LOOKS):
        record(store, number, by_chance(chance))
        every = ledger.decisions(store.control, MODEL, HISTORY)
        read = decisions_that_bear(store.control, MODEL, GENERATION)
        assert read == every[: len(read)]
        assert said_of(read) == said_of(every)


def test_in_calm_a_first_page_is_enough(store):
    for number in range(3 * FIRST_PAGE):
        record(store, number, CALM)
    assert len(decisions_that_bear(store.control, MODEL, GENERATION)) == FIRST_PAGE


def test_between_windows_they_reach_back_to_one_that_was_judged_and_never_past_the_bound(store):
    record(store, 0, CALM)
    for number in range(1, HISTORY + 2 * FIRST_PAGE):
        record(store, number, BETWEEN)
        if number == 3 * FIRST_PAGE:
            assert decisions_that_bear(store.control, MODEL, GENERATION)[-1].decision_id == "d0"
    assert len(decisions_that_bear(store.control, MODEL, GENERATION)) == HISTORY
