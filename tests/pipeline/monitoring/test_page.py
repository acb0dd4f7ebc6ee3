"""The page about monitoring shows the figures that were measured, and no others."""

import json
import re
import shutil
from pathlib import Path

from benchmarks.drift_docs import PAGE, PLOT, RESULTS, TABLES, write


def test_the_page_has_a_place_for_every_table():
    begun = re.findall(r"<!-- begin (\w+) -->", PAGE.read_text())
    assert sorted(begun) == sorted(TABLES)
    assert begun == re.findall(r"<!-- end (\w+) -->", PAGE.read_text())
    assert PLOT.exists()


def test_the_tables_are_those_of_the_newest_results(tmp_path: Path):
    copy = Path(shutil.copy(PAGE, tmp_path / "monitoring.md"))
    write(json.loads(RESULTS.read_text()), page=copy, plot=None)
    assert copy.read_text() == PAGE.read_text()
