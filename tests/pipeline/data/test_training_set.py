from datetime import timedelta

import pytest

from pipeline.data.training_set import HeldBack, Origin, training_set
from pipeline.records import LabelledPrediction, PredictionRecord, Row
from pipeline.spec import RetrainingRules
from tests.pipeline.builders import NOON

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BASE = [Row(f"base {a}{b}", 0) for a in LETTERS[:7] for b in LETTERS[:10]]


def labelled(text: str, source: str = "ann", days_ago: float = 0.0, label: int = 1) -> LabelledPrediction:
    record = PredictionRecord(
        prediction_id=f"id of {text}",
        model="m",
        version=1,
        slot="champion",
        at=NOON,
        input=text,
        prediction=0,
        score=0.1,
    )
    at = NOON - timedelta(days=days_ago)
    return LabelledPrediction(record=record, label=label, labelled_at=at, label_source=source)


def many(source: str, count: int) -> list[LabelledPrediction]:
    return [labelled(f"{source} {LETTERS[i // 26]}{LETTERS[i % 26]}", source) for i in range(count)]


def test_base_rows_come_first_and_production_rows_say_where_they_come_from():
    made = training_set(BASE, [labelled("new"), labelled("older", "bob", 1)], RetrainingRules(), (), NOON)
    assert made.plain == (*BASE, Row("older", 1), Row("new", 1))
    last = made.rows[-1]
    assert (last.origin, last.label_source, last.prediction_id) == (Origin.PRODUCTION, "ann", "id of new")
    assert made.provenance() == {"base": 70, "ann": 1, "bob": 1}
    assert made.weights is None


def test_a_text_of_the_base_counts_once_with_its_own_label():
    made = training_set(BASE, [labelled("BASE, aa!")], RetrainingRules(), (), NOON)
    assert made.plain == tuple(BASE)


def test_production_rows_count_as_much_as_the_specification_says():
    made = training_set(BASE, [labelled("new")], RetrainingRules(production_weight=3.0), (), NOON)
    assert made.weights == (*(1.0 for _ in BASE), 3.0)


@pytest.mark.parametrize(("days_ago", "kept"), [(7.0, 1), (7.1, 0)])
def test_rows_older_than_the_window_of_the_specification_are_left_out(days_ago, kept):
    rules = RetrainingRules(max_production_age_days=7.0)
    made = training_set(BASE, [labelled("old", days_ago=days_ago)], rules, (), NOON)
    assert (len(made.rows) - len(BASE), made.too_old) == (kept, 1 - kept)


def test_labels_of_one_source_beyond_its_share_are_held_back():
    production = [*many("bot", 60), *many("ann", 5)]
    made = training_set(BASE, production, RetrainingRules(max_source_share=0.25), (), NOON)
    kept = made.provenance()["bot"]
    assert kept == 25
    assert made.provenance()["ann"] == 5
    assert kept / len(made.rows) <= 0.25
    assert made.held_back == (HeldBack(source="bot", rows=35, kept=25),)


def test_of_a_source_that_is_held_back_the_newest_rows_are_learned_from():
    production = many("bot", 60)
    made = training_set(BASE, production, RetrainingRules(max_source_share=0.25), (), NOON)
    kept = [one.row.input for one in made.rows if one.origin is Origin.PRODUCTION]
    assert kept == [entry.record.input for entry in reversed(production[:23])]


def test_the_labels_of_an_approved_source_are_all_learned_from():
    made = training_set(BASE, many("bot", 60), RetrainingRules(max_source_share=0.25), {"bot"}, NOON)
    assert made.provenance()["bot"] == 60
    assert made.held_back == ()
