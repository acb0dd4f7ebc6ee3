import pytest

from pipeline.data.snapshots import PART_ROWS, keep_rows, read_rows
from pipeline.data.training_set import Origin, TrainingRow
from pipeline.errors import ArtifactError
from pipeline.records import Row
from tests.pipeline.builders import NOON


def base(count: int) -> list[TrainingRow]:
    return [TrainingRow(row=Row(f"row {i} £ \ud83c", i % 2), origin=Origin.BASE) for i in range(count)]


NEW = TrainingRow(
    row=Row((1.5, 0.1 + 0.2), 1),
    origin=Origin.PRODUCTION,
    weight=2.0,
    prediction_id="p",
    label_source="ann",
    labelled_at=NOON,
)


def test_rows_come_back_as_they_were(tmp_path):
    rows = [*base(3), NEW]
    assert read_rows(tmp_path, keep_rows(tmp_path, rows)) == tuple(rows)


def test_versions_share_the_parts_that_are_equal(tmp_path):
    first = keep_rows(tmp_path, base(2 * PART_ROWS))
    second = keep_rows(tmp_path, [*base(2 * PART_ROWS), NEW])
    assert second[:2] == first
    assert [part.rows for part in second] == [PART_ROWS, PART_ROWS, 1]
    assert {path.stem for path in tmp_path.iterdir()} == {part.sha256 for part in second}


def test_an_altered_or_missing_part_is_refused(tmp_path):
    (part,) = keep_rows(tmp_path, base(3))
    file = tmp_path / f"{part.sha256}.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match="altered"):
        read_rows(tmp_path, [part])
    file.unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_rows(tmp_path, [part])
