"""Rows that judge a challenger are learned from by no way: not as production, not from the store as a source, not as
base rows that come back as traffic."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from pipeline.catalog import managed_model
from pipeline.data.homes import Home, group_key, home_of, judges
from pipeline.data.intake import take_in
from pipeline.data.training_set import training_set
from pipeline.gate.judging import split_production
from pipeline.labels.feedback import LabelEntry, labelled_rows, record_labels
from pipeline.records import Row
from pipeline.settings import DataFrom
from pipeline.spec import LoadedData
from pipeline.store import telemetry
from tests.pipeline.builders import NOON

WORDS = ("prize", "lunch", "call", "train", "cash", "film", "urgent", "mother", "winner", "rain")
BASE = tuple(Row(f"base {first} {second}", 1) for first in WORDS for second in WORDS)
TRAFFIC = tuple(Row(f"asked {first} {second}", 0) for first in WORDS for second in WORDS)
SPEC = replace(managed_model("sms_spam"), load=lambda _: LoadedData(rows=BASE, source="the base", sha256="0" * 64))


def keys(rows):
    return {group_key(row.input) for row in rows}


def serve(store, rows):
    """Rows that were answered and labelled."""
    common = {"model": SPEC.name, "version": 1, "slot": "champion", "at": NOON, "prediction": 0, "score": 0.1}
    logged = [
        common | {"prediction_id": f"p{place}", "input": telemetry.encode_input(row.input)}
        for place, row in enumerate(rows)
    ]
    with store.telemetry.begin() as connection:
        connection.execute(insert(telemetry.predictions), logged)
    entries = [LabelEntry(prediction_id=f"p{i}", label=row.label, source="ann", at=NOON) for i, row in enumerate(rows)]
    record_labels(store.telemetry, entries)


def split(settings, store, *sources):
    """What a training learns from, and what judges it."""
    named = settings.model_copy(update={"training_data": {SPEC.name: [DataFrom(**source) for source in sources]}})
    homes = take_in(SPEC, named, store).homes
    production = split_production(labelled_rows(store.telemetry, SPEC.name, 1_000), homes)
    rules = replace(SPEC.retraining, max_source_share=1.0)
    return homes, training_set(homes.train, production.learned, rules, (), NOON).plain, production.judge


@pytest.mark.parametrize(
    "sources",
    [({"default": True},), ({"default": True}, {"store": True}), ({"store": True},)],
    ids=["base", "base and store", "store"],
)
def test_no_row_that_judges_is_learned_from_whatever_the_training_data_are(settings, store, sources):
    serve(store, [*TRAFFIC, *BASE])
    homes, learned, judge = split(settings, store, *sources)
    assert any(row in TRAFFIC for row in learned)
    assert any(row in TRAFFIC for row in judge)
    assert not keys(learned) & keys(judge)
    assert not keys(homes.holdout) & (keys(learned) | keys(judge))


def test_the_store_as_a_source_beside_others_leaves_the_frozen_holdout_as_it_is(settings, store):
    before, *_ = split(settings, store, {"default": True})
    serve(store, TRAFFIC)
    beside, learned, judge = split(settings, store, {"default": True}, {"store": True})
    assert before.holdout
    assert beside.holdout == before.holdout
    of_the_holdouts_share = [row for row in TRAFFIC if home_of(row.input) is Home.HOLDOUT]
    assert keys(of_the_holdouts_share) <= keys(learned) | keys(judge)


def test_the_store_as_the_only_source_gives_every_home_its_rows(settings, store):
    serve(store, TRAFFIC)
    homes, _, _ = split(settings, store, {"store": True})
    assert all((homes.train, homes.holdout, homes.live))
    assert not any(judges(row.input) for home in (homes.train, homes.holdout, homes.live) for row in home)


def test_a_base_row_that_comes_back_as_traffic_judges_nothing(settings, store):
    again = [Row(f"{row.input}!".upper(), 1) for row in BASE if home_of(row.input) is Home.TRAIN]
    serve(store, again)
    _, _, judge = split(settings, store, {"default": True})
    assert any(judges(row.input) for row in again)
    assert judge == ()
