"""Every batch has a name of its own, and nothing in the archive is written over."""

import pytest

from pipeline.errors import KeepingError
from pipeline.keeping.archive import Archive
from pipeline.keeping.parquet import predictions_table
from pipeline.keeping.retention import archive_old_rows
from tests.pipeline.keeping.year import NOW, START, archived, label, logged, stored, write_log

GONE = "gone"  # a model that is managed no more: its rows go by their age


def run(settings, store, **options):
    keeping = settings.model_copy(update={"keep_predictions_days": 300.0})
    return archive_old_rows(keeping, store, {}, NOW, pause=lambda _: None, **options)


def test_a_batch_between_the_same_numbers_as_an_earlier_one_replaces_nothing(settings, store):
    young = logged(9_000, model=GONE, at=NOW)
    write_log(store, [*(logged(number, model=GONE) for number in range(10)), young])

    def label_both_ends(point: str) -> None:
        if point == "placed":
            late = [label(f"{GONE}-{number}", START) for number in (0, 9)]
            write_log(store, [logged(9_001, model=GONE, at=NOW)], [*late, label("another", START)])

    run(settings, store, step=label_both_ends)
    left = {row["prediction_id"] for row in stored(store)}
    assert left == {f"{GONE}-{number}" for number in (0, 9, 9_000, 9_001)}
    run(settings, store)
    assert {row["prediction_id"] for row in archived(settings)} == {f"{GONE}-{number}" for number in range(10)}
    assert sum(batch.rows for batch in Archive(settings.archive_dir).batches()) == 12


@pytest.fixture
def archive(tmp_path) -> Archive:
    return Archive(tmp_path)


def staged(archive: Archive, number: int):
    row = {name: value for name, value in logged(number).items() if name != "model"} | {"seq": number, "labels": []}
    return archive.stage("one", "predictions", {("sms_spam", "2025-01"): predictions_table([row])})


def test_a_file_that_would_be_written_over_stops_the_batch(archive):
    first = staged(archive, 1)
    archive.place(first)
    kept = (archive.folder / first.files[0].path).read_bytes()
    with pytest.raises(KeepingError, match="is there already"):
        archive.place(staged(archive, 2))
    assert (archive.folder / first.files[0].path).read_bytes() == kept


def test_a_manifest_that_would_be_written_over_stops_the_batch(archive):
    batch = staged(archive, 1)
    for _ in range(2):
        archive.list(batch, NOW)
        if not archive.batches():
            archive.finish(batch)
    with pytest.raises(KeepingError, match="is there already"):
        archive.finish(batch)
