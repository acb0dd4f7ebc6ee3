"""Predictions on the local disk while the store is away: kept, replayed once, whatever is killed in between."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from serving.prediction_log import Entry, PredictionLog
from serving.spool import Spool
from serving.telemetry_writer import telemetry_writer
from tests.serving.test_prediction_log import FakeStore, entry
from tests.serving.world import World
from tests.waiting import until

AWAY = OperationalError("insert", {}, Exception("away"))


class Store:
    """Leaves out what it knows, as the table does; `away` refuses, `dies_after` commits and then breaks off."""

    def __init__(self) -> None:
        self.away = False
        self.dies_after = False
        self.rows: list[str] = []

    def write(self, entries: Sequence[Entry]) -> None:
        if self.away:
            raise AWAY
        self.rows += [found.prediction_id for found in entries if found.prediction_id not in self.rows]
        if self.dies_after:
            raise AWAY


def entries(first: int, count: int) -> list[Entry]:
    return [entry(number) for number in range(first, first + count)]


def names(first: int, count: int) -> list[str]:
    return [f"p{number}" for number in range(first, first + count)]


def test_what_is_spooled_is_replayed_in_order_and_removed(tmp_path: Path) -> None:
    spool, store = Spool(tmp_path, 1_000_000), Store()
    assert spool.append(entries(0, 3))
    assert spool.append(entries(3, 2))
    assert spool.waiting() == 5
    assert spool.replay(store.write) == 5
    assert (store.rows, spool.waiting(), list(tmp_path.iterdir())) == (names(0, 5), 0, [])
    assert spool.append(entries(5, 1))
    assert spool.replay(store.write) == 1


def test_an_entry_comes_back_as_it_was(tmp_path: Path) -> None:
    found: list[Entry] = []
    spool = Spool(tmp_path, 1_000_000)
    strange = [entry(1)._replace(input="\x00 \ud800\n🎉"), entry(2)._replace(input=(1.5, -0.0), score=1 / 3)]
    spool.append(strange)
    spool.replay(found.extend)
    assert found == strange


def test_a_store_that_is_still_away_loses_nothing(tmp_path: Path) -> None:
    spool, store = Spool(tmp_path, 1_000_000), Store()
    spool.append(entries(0, 3))
    store.away = True
    with pytest.raises(OperationalError):
        spool.replay(store.write)
    store.away = False
    assert spool.replay(store.write) == 3


def test_a_commit_whose_answer_was_lost_is_replayed_without_duplicates(tmp_path: Path) -> None:
    spool, store = Spool(tmp_path, 1_000_000), Store()
    spool.append(entries(0, 3))
    store.dies_after = True
    with pytest.raises(OperationalError):
        spool.replay(store.write)
    store.dies_after = False
    spool.replay(store.write)
    assert store.rows == names(0, 3)


def test_the_next_process_adopts_what_a_dead_one_left_but_not_what_a_living_one_writes(tmp_path: Path) -> None:
    living, other, store = Spool(tmp_path, 1_000_000), Spool(tmp_path, 1_000_000), Store()
    living.append(entries(0, 3))
    assert other.replay(store.write) == 0
    del living  # closes its file, as a killed process does
    assert other.replay(store.write) == 3


def test_a_last_line_that_a_kill_cut_off_and_a_mangled_one_are_left_out(tmp_path: Path) -> None:
    Spool(tmp_path, 1_000_000).append(entries(0, 2))
    (file,) = tmp_path.iterdir()
    file.write_bytes(b'{"no": "entry"}\n["p9"]\n' + file.read_bytes() + b'["p3", "sms')
    store = Store()
    assert Spool(tmp_path, 1_000_000).replay(store.write) == 2
    assert store.rows == names(0, 2)


def test_a_full_spool_and_a_disk_that_refuses_say_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "full", 700)
    assert [spool.append(entries(number * 5, 5)) for number in range(3)] == [True, False, False]
    (tmp_path / "file").write_text("")
    assert not Spool(tmp_path / "file" / "below", 1_000).append(entries(0, 1))


def test_the_spool_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    Spool(tmp_path, 1_000_000).append(entries(0, 1))
    (file,) = tmp_path.iterdir()
    assert os.stat(file).st_mode & 0o077 == 0


def test_the_log_spools_while_the_store_is_away_and_replays_before_what_is_new(tmp_path: Path) -> None:
    store = Store()
    store.away = True
    spool = Spool(tmp_path, 1_000_000)
    log = PredictionLog(store.write, capacity=1_000, batch_rows=10, flush_seconds=0.01, spool=spool)
    log.start()
    for found in entries(0, 25):
        log.offer(found)
    until(lambda: log.state().spooled == 25)
    assert (log.state().waiting, store.rows) == (0, [])
    store.away = False
    until(lambda: log.state().replayed == 25)
    until(lambda: log.state().problem is None)  # without waiting for another prediction
    for found in entries(25, 5):
        log.offer(found)
    until(lambda: len(store.rows) == 30)
    log.close(1)
    assert store.rows == names(0, 30)
    assert (log.state().dropped, log.state().spooled, log.state().problem) == (0, 0, None)


@pytest.mark.parametrize("refusal", [DataError, IntegrityError])
def test_a_spooled_row_that_is_refused_holds_no_other_back(tmp_path: Path, refusal: type[DBAPIError]) -> None:
    store, spool = FakeStore(["p1"], refusal), Spool(tmp_path, 1_000_000)
    spool.append(entries(0, 3))
    log = PredictionLog(store.write, capacity=1_000, batch_rows=10, flush_seconds=0.01, spool=spool)
    log.start()
    until(lambda: log.state().spooled == 0)
    log.offer(entry(3))
    log.close(5)
    assert store.rows == ["p0", "p2", "p3"]
    assert (log.state().refused, log.state().failures, log.state().problem) == (1, 0, None)


def test_the_table_leaves_out_what_it_knows(world: World) -> None:
    write = telemetry_writer(lambda: world.store.telemetry)
    write(entries(0, 3))
    write(entries(1, 1_500))
    assert list(world.logged()) == names(0, 1_501)
