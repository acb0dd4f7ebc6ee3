"""How batches of rows reach the telemetry store, whatever their number, order and the clock that stamped them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, Row
from sqlalchemy.exc import DataError

from pipeline.records import PredictionRecord
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from pipeline.store.telemetry import decode_input, predictions
from serving.answering import new_id
from serving.prediction_log import Entry
from serving.telemetry_writer import SIZES, pieces, telemetry_writer
from tests.postgresql import BOTH_DATABASES
from tests.serving.world import MODEL

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 63, 64, 65, 250, 1_000])
def test_the_pieces_of_a_batch_have_known_sizes_and_make_it_up(rows: int) -> None:
    found = list(pieces(rows))
    assert [row for start, end in found for row in range(start, end)] == list(range(rows))
    assert {end - start for start, end in found} <= set(SIZES)


def entry(number: int, at: datetime) -> Entry:
    return Entry(new_id(), MODEL, 1, "champion", at, f"text {number}", 0, 0.5)


@pytest.fixture(params=BOTH_DATABASES)
def telemetry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    settings = PipelineSettings(home=tmp_path, _env_file=None)
    if request.param == "postgresql":
        settings = request.getfixturevalue("postgresql_server").fresh_pair(tmp_path)
    store = open_store(settings)
    yield store.telemetry
    store.close()


def rows_of(telemetry: Engine) -> list[Row]:
    with telemetry.connect() as connection:
        return list(connection.execute(predictions.select().order_by(predictions.c.seq)))


def test_rows_keep_their_order_when_the_clock_jumps_back(telemetry: Engine) -> None:
    write = telemetry_writer(lambda: telemetry)
    entries = [entry(number, NOON - timedelta(hours=number)) for number in range(150)]
    write(entries)
    write(entries)  # a batch that is written again changes nothing
    rows = rows_of(telemetry)
    assert [row.prediction_id for row in rows] == [made.prediction_id for made in entries]
    assert [decode_input(row.input) for row in rows] == [made.input for made in entries]
    assert [row.at for row in rows] == [made.at for made in entries]
    assert set(Entry._fields) < set(PredictionRecord.__dataclass_fields__) | {"seq"}


def test_a_batch_of_known_and_new_rows_adds_the_new_ones(telemetry: Engine) -> None:
    write = telemetry_writer(lambda: telemetry)
    entries = [entry(number, NOON) for number in range(30)]
    write(entries[:10])
    write([*entries, *entries[5:15]])
    assert sorted(row.prediction_id for row in rows_of(telemetry)) == sorted(made.prediction_id for made in entries)


@pytest.mark.parametrize("value", ['tab\t line\n\r \\N \\. \x00 \ud800 🎉 "quoted"', "\\", "", (1.5, -0.0, 3e300)])
def test_any_input_and_score_is_read_back_as_it_was(telemetry: Engine, value: str | tuple[float, ...]) -> None:
    made = entry(1, NOON)._replace(input=value, score=0.1 + 0.2, slot="a\tb\\n")
    telemetry_writer(lambda: telemetry)([made])
    (row,) = rows_of(telemetry)
    assert (decode_input(row.input), row.score, row.slot) == (value, made.score, made.slot)


@pytest.mark.postgresql
def test_a_row_that_postgresql_refuses_is_an_error_that_the_log_knows(postgresql_server, tmp_path: Path) -> None:
    store = open_store(postgresql_server.fresh_pair(tmp_path))
    write = telemetry_writer(lambda: store.telemetry)
    with pytest.raises(DataError):
        write([entry(1, NOON), entry(2, NOON)._replace(slot="x" * 30)])
    assert rows_of(store.telemetry) == []
    store.close()
