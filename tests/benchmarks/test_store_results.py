"""Each part of the store's results has a stamp of its own, and measuring one leaves those of the others."""

import json

from benchmarks.store import save
from benchmarks.store_docs import curves, mlflow

READS = {
    "look": 1.0,
    "next_window": 1.0,
    "newest_window": 1.0,
    "window_of_long_ago": 1.0,
    "page_of_predictions": 1.0,
    "page_of_reports": 1.0,
    "newest_labels": 1.0,
    "performance_window": 1.0,
    "labels_to_train_on": 1.0,
    "new_labels_of_a_rare_model": 1.0,
    "hundred_labels_written": 1.0,
}
OLD = {"at": "2020-02-02T00:00:00+00:00", "machine": "an old machine"}


def test_measuring_one_part_leaves_the_figures_and_the_stamps_of_the_others(tmp_path):
    file = tmp_path / "store.json"
    curve = [{"rows": 10, "rows_per_second": 5, **READS}]
    file.write_text(json.dumps({"sqlite": {"curve": curve}, "about": {"sqlite": OLD}}))
    save("mlflow", {"embedded": {"one_version": 2.0}}, file)
    kept = json.loads(file.read_text())
    assert kept["sqlite"] == {"curve": curve}
    assert kept["about"]["sqlite"] == OLD
    assert kept["about"]["mlflow"]["at"] > OLD["at"]
    assert "SQLite, 2020-02-02 on an old machine:" in curves(kept)
    assert kept["about"]["mlflow"]["at"][:10] in mlflow(kept)
    assert "2020" not in mlflow(kept)


def test_a_first_part_makes_the_file(tmp_path):
    assert save("sqlite", {"curve": []}, tmp_path / "store.json")["about"].keys() == {"sqlite"}
