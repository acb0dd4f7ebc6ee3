"""No source of labels is more than its share of what a training learns from, however many sources are over it."""

from collections import Counter

import pytest

from pipeline.data.training_set import training_set
from pipeline.spec import RetrainingRules
from tests.pipeline.builders import NOON
from tests.pipeline.data.test_training_set import BASE, labelled, many


def learned(share: float, *production, approved=()) -> Counter[str]:
    rules = RetrainingRules(max_source_share=share)
    made = training_set(BASE, [one for part in production for one in part], rules, approved, NOON)
    return Counter(made.provenance())


def held_to(share: float, counts: dict[str, int]) -> dict[str, int]:
    """What each source may keep, by trying every number of rows from the largest down."""
    for most in range(max(counts.values()), -1, -1):
        kept = {source: min(count, most) for source, count in counts.items()}
        if most <= share * (len(BASE) + sum(kept.values())) or most == 0:
            return kept
    raise AssertionError("a source may always keep none")


@pytest.mark.parametrize("share", [0.10, 0.25, 0.30, 0.45])
@pytest.mark.parametrize("sizes", [(600, 600), (600, 500, 5), (600, 300, 200, 90), (3, 2), (30,)])
def test_sources_that_are_over_it_are_each_held_to_it_over_what_is_kept_of_all(share, sizes):
    counts = {f"bot{name}": size for name, size in zip("abcd", sizes, strict=False)}
    found = learned(share, *(many(source, size) for source, size in counts.items()))
    assert {source: found[source] for source in counts} == held_to(share, counts)


def test_where_all_fit_together_none_is_held_back():
    assert learned(0.30, many("a", 50), many("b", 50)) == {"base": 70, "a": 50, "b": 50}


def test_rows_of_an_approved_source_count_as_rows_that_are_there():
    assert learned(0.25, many("a", 60), many("b", 200), approved={"b"}) == {"base": 70, "a": 60, "b": 200}


def test_what_repeats_a_base_row_counts_for_no_source():
    repeats = [labelled(str(row.input), "b") for row in BASE]
    found = learned(0.25, many("a", 60), repeats)
    assert found == {"base": 70, "a": 23}
