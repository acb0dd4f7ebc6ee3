import json
from dataclasses import replace

import pytest

from pipeline.catalog import managed_model
from pipeline.data.homes import read_tab_separated
from pipeline.data.intake import take_in
from pipeline.data.quality import check_rows
from pipeline.errors import DataCorruptError
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.spec import LoadedData, QualityRules, Rejected

TEXT = managed_model("sms_spam")
NUMBERS = managed_model("breast_cancer")
GOOD = tuple(float(place + 1) for place in range(30))


def spec_with(rows, rejected=(), most=0.02, base=TEXT):
    loaded = LoadedData(rows=tuple(rows), source="test", sha256="0" * 64, rejected=tuple(rejected))
    return replace(base, load=lambda settings: loaded, quality=replace(base.quality, max_lost_share=most))


def test_good_rows_pass_in_their_order():
    rows = [Row("hello", 0), Row("win", 1)]
    assert check_rows(TEXT, rows).rows == tuple(rows)
    assert check_rows(NUMBERS, [Row(GOOD, 1)]).rows == (Row(GOOD, 1),)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row("  ", 0), "the text is blank"),
        (Row("x" * 10_001, 0), "the text is longer than 10000 characters"),
        (Row("fine", 2), "the label is neither ham nor spam"),
        (Row(None, 0), "the text is no string"),
        (Row((1.0,), 0), "the row has another number of features"),
    ],
)
def test_a_bad_text_row_is_rejected_with_its_place_and_its_reason(row, reason):
    checked = check_rows(TEXT, [Row("fine", 0), row, Row("also fine", 1)])
    assert [kept.input for kept in checked.rows] == ["fine", "also fine"]
    assert [(one.place, one.reason) for one in checked.rejected] == [("row 2", reason)]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((float("nan"), *GOOD[1:]), "mean radius is no finite number"),
        ((float("inf"), *GOOD[1:]), "mean radius is no finite number"),
        ((GOOD[0], -1.0, *GOOD[2:]), "mean texture lies outside of 0 to 10000"),
        (GOOD[:29], "the row has another number of features"),
    ],
)
def test_a_bad_numeric_row_names_its_feature(values, reason):
    checked = check_rows(NUMBERS, [Row(GOOD, 1), Row(values, 0)])
    assert (len(checked.rows), checked.reasons) == (1, {reason: 1})


def test_rejected_rows_are_counted_and_kept_with_their_reasons(tmp_path):
    rows = [*(Row(f"message number {word}", 0) for word in "abcdefghijklmnopqrstuvwxyz" * 4), Row(" ", 1)]
    unreadable = Rejected(place="Line 7", content="no tab", reason="not a row")
    taken = take_in(spec_with(rows, [unreadable]), PipelineSettings(home=tmp_path))
    kept = [json.loads(line) for line in taken.file.read_text().splitlines()]
    assert [one["reason"] for one in kept] == ["not a row", "the text is blank"]
    assert taken.homes.rows_read == len(rows) - 1


def test_a_training_set_that_lost_too_much_stops_the_run_and_says_why(tmp_path):
    rows = [Row("fine", 0), Row(" ", 1), Row("", 1)]
    with pytest.raises(DataCorruptError, match=r"2 of 3 training rows of sms_spam.*2 times: the text is blank"):
        take_in(spec_with(rows), PipelineSettings(home=tmp_path))
    assert list((tmp_path / "quarantine" / "sms_spam").iterdir())


@pytest.mark.parametrize(("most", "stops"), [(0.24, True), (0.25, False)])
def test_the_share_that_may_be_lost_is_the_models_own(tmp_path, most, stops):
    spec = spec_with([Row("a", 0), Row("b", 1), Row("c", 1), Row("", 1)], most=most)
    if stops:
        with pytest.raises(DataCorruptError):
            take_in(spec, PipelineSettings(home=tmp_path))
    else:
        assert len(take_in(spec, PipelineSettings(home=tmp_path)).rejected) == 1


def test_a_source_without_rows_stops_the_run(tmp_path):
    with pytest.raises(DataCorruptError, match="there are no rows"):
        take_in(spec_with([]), PipelineSettings(home=tmp_path))


def test_lines_that_are_no_rows_are_told_apart_from_those_that_are():
    rows, rejected = read_tab_separated(b"ham\tfine\neggs\ttext\nspam\t \n", ("ham", "spam"))
    assert rows == (Row("fine", 0),)
    assert [one.place for one in rejected] == ["Line 2", "Line 3"]


def test_quality_rules_allow_two_in_a_hundred_by_default():
    assert QualityRules().max_lost_share == 0.02
