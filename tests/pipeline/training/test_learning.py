"""A version that learned from labelled campaigns gains on unseen campaigns and hardly moves on the old rows."""

from dataclasses import replace

import pytest

from benchmarks.learning import JUDGED, _campaign, _learned
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes, group_key
from pipeline.data.training_set import Origin
from pipeline.gate.judging import evaluate_artifact
from pipeline.served.artifact import Artifact, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.training.backends import LocalProcesses
from pipeline.training.making import make

SPEC = managed_model("sms_spam")
HOMES = assign_homes(SPEC.load(PipelineSettings()))
SHORT = replace(SPEC, candidates=SPEC.candidates[-1:], search=SearchRules(folds=2, repeats=1))


def version(labelled: int) -> Artifact:
    made = make(
        SHORT, _learned(SHORT, HOMES, labelled), HOMES.holdout, LocalProcesses(1), lambda done, total, what: None
    )
    return unpack(made.content)


@pytest.fixture(scope="module")
def versions() -> tuple[Artifact, Artifact]:
    return version(0), version(100)


def test_a_retrained_version_gains_on_the_new_and_stays_within_half_a_point_on_the_old(versions):
    before, after = versions
    new = _campaign(seed=2, count=JUDGED, judge=True)
    assert evaluate_artifact(after, new).accuracy > evaluate_artifact(before, new).accuracy + 0.05
    assert evaluate_artifact(after, HOMES.holdout).accuracy > evaluate_artifact(before, HOMES.holdout).accuracy - 0.005


def test_the_rows_that_are_judged_on_are_not_learned_from_and_production_rows_say_so():
    learned = _learned(SHORT, HOMES, 100)
    judged = {group_key(row.input) for row in (*_campaign(seed=2, count=JUDGED, judge=True), *HOMES.holdout)}
    assert not judged & {group_key(row.input) for row in learned.plain}
    assert sum(one.origin is Origin.PRODUCTION for one in learned.rows) > 150
