"""How batches of rows reach the telemetry store, whatever their number, order and the clock that stamped them."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.records import PredictionRecord
from pipeline.store.telemetry import decode_input, predictions
from serving.answering import new_id
from serving.prediction_log import Entry
from serving.telemetry_writer import SIZES, pieces, telemetry_writer
from tests.serving.world import MODEL, World

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 63, 64, 65, 250, 1_000])
def test_the_pieces_of_a_batch_have_known_sizes_and_make_it_up(rows: int) -> None:
    found = list(pieces(rows))
    assert [row for start, end in found for row in range(start, end)] == list(range(rows))
    assert {end - start for start, end in found} <= set(SIZES)


def entry(number: int, at: datetime) -> Entry:
    return Entry(new_id(), MODEL, 1, "champion", at, f"text {number}", 0, 0.5)


def test_rows_keep_their_order_when_the_clock_jumps_back(world: World) -> None:
    write = telemetry_writer(lambda: world.store.telemetry)
    entries = [entry(number, NOON - timedelta(hours=number)) for number in range(150)]
    write(entries)
    write(entries)  # a batch that is written again changes nothing
    with world.store.telemetry.connect() as connection:
        rows = connection.execute(predictions.select().order_by(predictions.c.seq)).all()
    assert [row.prediction_id for row in rows] == [made.prediction_id for made in entries]
    assert [decode_input(row.input) for row in rows] == [made.input for made in entries]
    assert [row.at for row in rows] == [made.at for made in entries]
    assert set(Entry._fields) < set(PredictionRecord.__dataclass_fields__) | {"seq"}
