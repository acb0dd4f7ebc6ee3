import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog import managed_model
from pipeline.data.homes import (
    Home,
    assign_homes,
    deduplicate,
    group_key,
    home_of,
    judges,
    parse_tab_separated,
    rows_sha256,
)
from pipeline.errors import DataCorruptError
from pipeline.records import Row
from pipeline.settings import PipelineSettings

LABELS = ("ham", "spam")


def test_quotes_and_tabs_inside_a_message_are_text():
    rows = parse_tab_separated(b'ham\t"unfinished quote\nspam\ta\tb\n', LABELS)
    assert rows == (Row('"unfinished quote', 0), Row("a\tb", 1))


def test_a_line_separator_inside_a_message_does_not_cut_it():
    assert parse_tab_separated("ham\tone\u2028two\x85three\n".encode(), LABELS) == (Row("one\u2028two\x85three", 0),)


@pytest.mark.parametrize("line", ["ham only", "eggs\ttext", "spam\t  "])
def test_a_malformed_line_is_named_by_its_number(line):
    with pytest.raises(DataCorruptError, match="Line 2"):
        parse_tab_separated(f"ham\tfine\n{line}\n".encode(), LABELS)


def test_bytes_that_are_not_utf8_are_refused_with_their_place():
    with pytest.raises(DataCorruptError, match="byte 4"):
        parse_tab_separated(b"ham\t\xff\xfe\n", LABELS)


def test_case_spacing_and_punctuation_do_not_make_a_message_new():
    rows = [Row("Call me NOW!", 0), Row("call me... now", 1), Row("call me later", 0)]
    assert deduplicate(rows) == (rows[0], rows[2])


def test_messages_without_letters_and_digits_are_told_apart():
    assert len(deduplicate([Row(":-)", 0), Row(":-(", 0)])) == 2


@given(st.text(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_near_duplicates_share_their_home_and_their_judge_half(text, first, second):
    width = max(len(str(first)), len(str(second)))
    a, b = f"{text} {first:0{width}}", f"{text} {second:0{width}}"
    assert group_key(a) == group_key(b)
    assert (home_of(a), judges(a)) == (home_of(b), judges(b))


def test_a_home_does_not_depend_on_the_other_rows():
    spec = managed_model("sms_spam")
    homes = assign_homes(spec.load(PipelineSettings()))
    assert all(home_of(row.input) is Home.HOLDOUT for row in homes.holdout)
    assert all(home_of(row.input) is Home.LIVE for row in homes.live)


def test_no_group_of_near_duplicates_straddles_the_homes_of_the_real_data():
    homes = assign_homes(managed_model("sms_spam").load(PipelineSettings()))
    groups = [{group_key(row.input) for row in rows} for rows in (homes.train, homes.holdout, homes.live)]
    assert len(groups[0] | groups[1] | groups[2]) == sum(map(len, groups))
    total = sum(len(rows) for rows in (homes.train, homes.holdout, homes.live))
    assert total == homes.rows_read - homes.duplicates
    assert 0.17 < len(homes.holdout) / total < 0.23
    assert 0.22 < len(homes.live) / total < 0.28


def test_the_judge_half_is_independent_of_the_home():
    homes = assign_homes(managed_model("sms_spam").load(PipelineSettings()))
    for rows in (homes.train, homes.holdout, homes.live):
        share = sum(judges(row.input) for row in rows) / len(rows)
        assert 0.44 < share < 0.56


def test_the_digest_covers_labels_inputs_and_order():
    rows = [Row("a", 0), Row("b", 1)]
    digests = {rows_sha256(r) for r in (rows, rows[::-1], [Row("a", 1), Row("b", 1)], [Row("a", 0), Row("b\x1e", 1)])}
    assert len(digests) == 4
