"""The ledger: a chain that shows any change, entries that are written once, two writers at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, text, update

from agent.errors import LedgerError
from agent.record import ledger
from agent.record.ledger import GENESIS, EntryKind
from pipeline.store.control import ledger as table
from pipeline.store.open import open_store
from tests.agent.fakes import MODEL, NOON

ON_POSTGRESQL_TOO = True


def write(store, number, key=None, kind=EntryKind.CLOSED):
    return ledger.append(
        store.control, decision_id=f"d{number}", model=MODEL, kind=kind, at=NOON, body={"number": number}, key=key
    )


@pytest.fixture
def five(store):
    for number in range(1, 6):
        write(store, number)
    return store


def change(store, statement):
    with store.control.begin() as connection:
        connection.execute(statement)


def test_an_empty_ledger_is_intact(store):
    found = ledger.verify(store.control)
    assert (found.intact, found.entries, found.tip) == (True, 0, GENESIS)


def test_each_entry_follows_the_one_before(five):
    found = ledger.verify(five.control)
    assert (found.intact, found.entries) == (True, 5)
    assert ledger.holds(five.control, found.tip)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", '{"number":30}'),
        ("body", "no json any more"),
        ("kind", "decision"),
        ("decision_id", "d9"),
        ("model", "other"),
        ("entry_id", "e9"),
        ("idempotency_key", "k9"),
        ("hash", "f" * 64),
        ("previous_hash", "e" * 64),
        ("at", NOON.replace(year=2025)),
    ],
)
def test_an_altered_entry_is_found(five, column, value):
    change(five, update(table).where(table.c.seq == 3).values({column: value}))
    found = ledger.verify(five.control)
    assert not found.intact
    assert found.broken_at in (3, 4)


def test_a_body_that_says_the_same_in_other_bytes_is_found(five):
    change(five, text("update ledger set body = '{\"number\": 3}' where seq = 3"))
    assert ledger.verify(five.control).broken_at == 3


def test_a_removed_entry_is_found(five):
    change(five, delete(table).where(table.c.seq == 3))
    assert ledger.verify(five.control).broken_at == 4


def test_a_removed_beginning_is_found(five):
    change(five, delete(table).where(table.c.seq == 1))
    assert ledger.verify(five.control).broken_at == 2


def test_a_removed_end_shows_against_a_noted_tip(five):
    noted = ledger.verify(five.control).tip
    change(five, delete(table).where(table.c.seq == 5))
    assert ledger.verify(five.control).intact
    assert not ledger.holds(five.control, noted)


def test_an_entry_with_a_known_key_is_not_written_again(store):
    first, second = write(store, 1, key="k"), write(store, 2, key="k")
    assert second == first
    assert ledger.verify(store.control).entries == 1


def test_many_writers_at_once_make_one_chain_and_one_entry_for_a_key(settings, store):
    def writer(number):
        own = open_store(settings)
        for round_ in range(10):
            write(own, f"{number}-{round_}")
            write(own, "shared", key=f"shared-{round_}")
        own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writer, range(4)))
    found = ledger.verify(store.control)
    assert (found.intact, found.entries) == (True, 50)


def test_a_decision_is_unfinished_until_it_is_closed(store):
    write(store, 1, kind=EntryKind.DECISION)
    write(store, 2, kind=EntryKind.DECISION)
    write(store, 1, kind=EntryKind.CLOSED)
    assert [entry.decision_id for entry in ledger.unfinished(store.control, MODEL)] == ["d2"]
    assert ledger.unfinished(store.control, "other") == []


def open_decisions(store, known):
    return [entry.decision_id for entry in ledger.unfinished(store.control, MODEL, known)]


def test_who_asks_again_is_told_the_same_of_what_is_unfinished(store):
    known = {}
    assert open_decisions(store, known) == []
    for number in (1, 2, 3):
        write(store, number, kind=EntryKind.DECISION)
    write(store, 1)
    assert open_decisions(store, known) == open_decisions(store, known) == ["d2", "d3"]
    write(store, 3)
    write(store, 4, kind=EntryKind.DECISION)
    assert open_decisions(store, known) == ["d2", "d4"]
    write(store, 2)
    write(store, 4)
    assert open_decisions(store, known) == []
    write(store, 5, kind=EntryKind.DECISION)
    assert open_decisions(store, known) == ["d5"]
    assert ledger.unfinished(store.control, "other", known) == []


def test_what_was_known_of_a_ledger_is_forgotten_when_an_earlier_one_takes_its_place(store):
    known = {}
    write(store, 1, kind=EntryKind.DECISION)
    write(store, 1)
    assert open_decisions(store, known) == []
    change(store, delete(table).where(table.c.kind == EntryKind.CLOSED.value))  # a backup of before it was closed
    assert open_decisions(store, known) == ["d1"]


def test_an_unknown_decision_is_an_error_that_says_how_to_list_them(store):
    with pytest.raises(LedgerError, match="python -m agent decisions"):
        ledger.entries_of(store.control, "nope")


def test_a_body_with_a_number_that_is_none_is_refused(store):
    with pytest.raises(ValueError, match="JSON"):
        ledger.append(
            store.control, decision_id="d", model=MODEL, kind=EntryKind.CLOSED, at=NOON, body={"x": float("nan")}
        )
