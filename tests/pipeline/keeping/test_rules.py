"""Which predictions may leave the log: both sides of every line."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.keeping.rules import Age, Stay, why_it_stays

LIMIT = datetime(2026, 3, 1, tzinfo=UTC)
STAY = Stay(champion=2, unread_after=100, newest_from={2: 90, 1: 40}, labels_from=7)


def age(seq: int = 10, version: int = 2, newest_label: int | None = None, at: datetime | None = None) -> Age:
    return Age(seq=seq, version=version, at=at or LIMIT - timedelta(days=1), newest_label=newest_label)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (age(), None),
        (age(at=LIMIT - timedelta(microseconds=1)), None),
        (age(at=LIMIT), "young"),
        (age(seq=89), None),
        (age(seq=90), "newest_window"),
        (age(seq=100), "newest_window"),
        (age(seq=101), "unread"),
        (age(seq=101, version=3), None),
        (age(seq=39, version=1), None),
        (age(seq=40, version=1), "newest_window"),
        (age(newest_label=6), None),
        (age(newest_label=7), "learned_from"),
        (age(seq=101, newest_label=9, at=LIMIT), "young"),
    ],
)
def test_each_reason_to_stay_begins_at_its_line(row: Age, why: str | None) -> None:
    assert why_it_stays(row, STAY, LIMIT) == why


def test_a_model_without_a_champion_keeps_what_a_training_reads() -> None:
    stay = Stay(champion=None, unread_after=None, newest_from={}, labels_from=7)
    assert why_it_stays(age(newest_label=7), stay, LIMIT) == "learned_from"
    assert why_it_stays(age(newest_label=6), stay, LIMIT) is None
    assert why_it_stays(age(), stay, LIMIT) is None


def test_a_champion_that_nobody_has_looked_at_keeps_all_that_it_answered() -> None:
    stay = Stay(champion=2, unread_after=0, newest_from={}, labels_from=None)
    assert why_it_stays(age(seq=1), stay, LIMIT) == "unread"


def test_a_model_that_is_managed_no_more_goes_by_age_alone() -> None:
    assert why_it_stays(age(seq=1_000, newest_label=1_000), None, LIMIT) is None
    assert why_it_stays(age(at=LIMIT), None, LIMIT) == "young"
