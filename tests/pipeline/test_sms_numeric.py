"""What the model of message numbers promises: shorter messages are drift, and its new rows count double for a while."""

import random
from dataclasses import replace

import numpy as np
import pytest

from pipeline.catalog import managed_model
from pipeline.checks import drift_of
from pipeline.data.homes import assign_homes
from pipeline.data.training_set import Origin, TrainingRow, TrainingSet
from pipeline.releases.rollout import Strategy
from pipeline.served.artifact import Artifact, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.training.backends import LocalProcesses
from pipeline.training.making import make

SPEC = managed_model("sms_numeric")
HOMES = assign_homes(SPEC.load(PipelineSettings()))


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    candidates = tuple(replace(c, grid={"n_neighbors": (9,)}) for c in SPEC.candidates)
    spec = replace(SPEC, candidates=candidates, search=SearchRules(folds=2, repeats=1))
    rows = tuple(TrainingRow(row=row, origin=Origin.BASE) for row in HOMES.train)
    made = make(spec, TrainingSet(rows=rows), HOMES.holdout, LocalProcesses(1), lambda done, total, what: None)
    return unpack(made.content)


def test_messages_that_became_shorter_are_drift_and_the_length_is_named(artifact):
    calm = [str(row.input) for row in HOMES.live[:400]]
    shorter = [" ".join(text.split()[: max(1, len(text.split()) // 2)]) for text in calm]
    assert drift_of(artifact, SPEC, calm).drift_detected is False
    report = drift_of(artifact, SPEC, shorter)
    assert report.drift_detected is True
    assert {"characters", "words"} & set(report.shifted)


def test_a_message_of_digits_and_marks_is_explained_by_them(artifact):
    answer = artifact.predictor.explain("WINNER!! Call 09061701461 now, claim £900 www.prize.com")
    assert answer.prediction == 1
    assert any("digits" in said or "phone numbers" in said for said, part in answer.top_features if part > 0)


def test_every_answer_is_a_probability_and_most_are_right(artifact):
    rng = random.Random(3)
    rows = rng.sample(HOMES.live, 300)
    answers = artifact.predictor.answer_many([str(row.input) for row in rows])
    assert all(0.0 <= answer.score <= 1.0 for answer in answers)
    assert np.mean([answer.prediction == row.label for answer, row in zip(answers, rows, strict=True)]) > 0.93


def test_its_versions_come_into_service_by_a_canary_and_new_rows_count_double():
    assert SPEC.rollout.strategy is Strategy.CANARY
    assert SPEC.retraining.production_weight == 2.0
    assert SPEC.retraining.max_production_age_days == 180.0
