import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.gate.baselines import baseline_json, measured_baseline, read_baseline, store_baseline, stored_baseline
from pipeline.gate.evaluation import evaluate
from pipeline.gate.evidence import Baseline, GateEvidence, Judged
from pipeline.gate.rules import BeatsBaseline, RuleOutcome, ServedParity
from tests.pipeline.builders import NOON

SHA = "a" * 64
LABELS = np.array([1, 1, 1, 1, 0, 0, 0, 0])
# F1 of 6 / 7: one of four spam messages is missed.
GOOD = np.array([1, 1, 1, 0, 0, 0, 0, 0])
WORSE = np.array([1, 1, 0, 0, 0, 0, 0, 0])


def evidence(challenger=GOOD, champion=None, baseline=None, parity=0.0, form="") -> GateEvidence:
    return GateEvidence(
        holdout=Judged(labels=LABELS, challenger=challenger, champion=champion),
        recent=None,
        parity=parity,
        artifact_sha256="b",
        baseline=baseline,
        holdout_sha256=SHA,
        form=form,
    )


def baseline(f1: float, sha256: str = SHA) -> Baseline:
    metrics = {"f1": f1, "accuracy": 0.9, "precision": 0.9, "recall": 0.9}
    return Baseline(metrics=metrics, rows=8, rows_sha256=sha256, source="sms_spam v1")


@pytest.mark.parametrize(("stored", "outcome"), [(0.85, "passed"), (6 / 7, "failed"), (0.86, "failed")])
def test_only_a_strictly_better_f1_beats_the_stored_baseline(stored, outcome):
    result = BeatsBaseline("f1").check(evidence(champion=WORSE, baseline=baseline(stored)))
    assert result.outcome.value == outcome
    assert result.required == stored


@pytest.mark.parametrize(("champion", "outcome"), [(WORSE, "passed"), (GOOD, "failed")])
def test_without_a_stored_baseline_the_champion_is_the_baseline(champion, outcome):
    assert BeatsBaseline("f1").check(evidence(champion=champion)).outcome.value == outcome


def test_a_first_version_without_a_baseline_must_beat_the_floor():
    assert BeatsBaseline("f1", otherwise=0.9).check(evidence()).outcome is RuleOutcome.FAILED
    assert BeatsBaseline("f1", otherwise=0.8).check(evidence()).outcome is RuleOutcome.PASSED


def test_a_baseline_of_other_rows_passes_nothing():
    result = BeatsBaseline("f1").check(evidence(baseline=baseline(0.1, sha256="c" * 64)))
    assert result.outcome is RuleOutcome.FAILED
    assert "other rows" in result.reason


@pytest.mark.parametrize(("form", "outcome"), [("text_linear", "failed"), ("transformer", "passed")])
def test_a_form_may_have_a_parity_of_its_own(form, outcome):
    rule = ServedParity(1e-9, forms=(("transformer", 1e-4),))
    assert rule.check(evidence(parity=1e-6, form=form)).outcome.value == outcome


def test_a_baseline_goes_through_its_file_and_the_store_unchanged(store):
    made = measured_baseline(evaluate(LABELS, GOOD, GOOD * 0.9), SHA, "sms_spam v1")
    read = read_baseline("sms_spam", baseline_json("sms_spam", made))
    assert read == made
    assert stored_baseline(store.control, "sms_spam") is None
    store_baseline(store.control, "sms_spam", baseline(0.5), "ann", NOON)
    store_baseline(store.control, "sms_spam", read, "ann", NOON)
    assert stored_baseline(store.control, "sms_spam") == made


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "sentiment"}, "is of sentiment"),
        ({"rows_sha256": "x"}, "rows_sha256"),
        ({"metrics": {"f1": 2.0}}, "from 0 to 1"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_the_reason(change, says):
    body = json.loads(baseline_json("sms_spam", baseline(0.5))) | change
    with pytest.raises(InputError, match=says):
        read_baseline("sms_spam", json.dumps(body))
