"""A disk that takes no writes for a while: SQLite opens its files for reading alone meanwhile, and must not stay so."""

import gc
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from pipeline.store.engine import open_engine, writing

INSERT = "INSERT INTO kept VALUES (1)"


class Disk:
    """What SQLite finds when it opens a file: on a disk that takes no writes, one that it can only read."""

    def __init__(self) -> None:
        self.read_only = False

    def open(self, path: str, **_: Any) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{path}?mode={'ro' if self.read_only else 'rwc'}", uri=True)


def _other(url: str) -> Engine:
    """An engine that is not ours, as MLflow has one."""
    return create_engine(url)


def _with_a_table(opened: Callable[[str], Engine], disk: Disk, path: str) -> Engine:
    engine = opened(f"sqlite:///{path}")
    event.listen(engine, "do_connect", lambda *_: disk.open(path))
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE kept (number INTEGER)"))
    engine.dispose()
    return engine


@pytest.fixture
def nothing_is_collected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("opened", [open_engine, _other])
def test_a_connection_made_on_a_disk_that_takes_no_writes_is_not_kept(opened: Callable[[str], Engine], tmp_path: Path):
    disk, path = Disk(), str(tmp_path / "a.db")
    engine = _with_a_table(opened, disk, path)
    disk.read_only = True
    with pytest.raises(OperationalError, match="readonly"), writing(engine).begin() as connection:
        connection.execute(text(INSERT))
    disk.read_only = False
    with writing(engine).begin() as connection:
        connection.execute(text(INSERT))
        assert connection.execute(text("SELECT count(*) FROM kept")).scalar() == 1
    engine.dispose()


@pytest.mark.usefixtures("nothing_is_collected")
@pytest.mark.parametrize("opened", [open_engine, _other])
def test_nothing_of_a_connection_that_failed_stays_open(opened: Callable[[str], Engine], tmp_path: Path):
    """What stays open keeps the index that all connections of the process share, also those that come later."""
    disk, path = Disk(), str(tmp_path / "a.db")
    engine = _with_a_table(opened, disk, path)
    disk.read_only = True
    for _ in range(2):
        with pytest.raises(OperationalError, match="readonly"), writing(engine).begin() as connection:
            connection.execute(text(INSERT))
    assert [file for file in psutil.Process().open_files() if file.path.startswith(path)] == []
