"""Numbers in a text against the evidence: rounding, percentages, versions, and what is no number at all."""

import pytest

from agent.decision import PolicyRules
from agent.deliberation.grounding import facts, field_names, ungrounded
from agent.rules.policy import bounds
from tests.agent.builders import CHALLENGER, DRIFTED, LABELLED, evidence_with, merged, rules_with

EVIDENCE = evidence_with(merged(merged(DRIFTED, LABELLED), merged(CHALLENGER, {"accuracy": {"estimate": 0.9417}})))
KNOWN = facts(EVIDENCE, rules_with(), bounds(EVIDENCE, rules_with()))


@pytest.mark.parametrize(
    "text",
    [
        "No number at all.",
        "vocabulary_drift 0.23 is above 0.15.",
        "0.2 of drift",  # 0.23 and 0.18 to one decimal
        "accuracy 94.2%",
        "accuracy 94.17 %",
        "accuracy 94 percent",
        "accuracy 0.942",
        "240 new labelled rows, 100 are needed",
        "a margin of 0.08",
        "a margin of +0.08",
        "the window of 500 messages",
        "trained 2.1 days ago",  # 50 hours
        "v2 passed against v1",
        "the F1 of TF-IDF",
    ],
)
def test_numbers_of_the_evidence_are_known(text):
    assert ungrounded(text, KNOWN) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("vocabulary_drift 0.24", ["0.24"]),
        ("vocabulary_drift 0.231", ["0.231"]),
        ("accuracy 93.9%", ["93.9%"]),
        ("accuracy 81 percent", ["81 percent"]),
        ("241 labels", ["241"]),
        ("1,240 labels", ["1,240"]),
        ("v3 is better than v1", ["v3"]),
        ("V100", ["V100"]),
        ("drift of 0", []),  # there are zeros in the evidence
        ("0.23, 0.99 and 0.86", ["0.99", "0.86"]),
        ("between 0.5-0.6", ["0.5", "0.6"]),
    ],
)
def test_other_numbers_are_found(text, found):
    assert ungrounded(text, KNOWN) == found


def test_a_small_value_is_not_recognised_by_a_whole_number():
    assert ungrounded("1 and 0", {"drift.tfidf_drift": 0.23, "accuracy.estimate": 0.97}) == ["1", "0"]


def test_fields_are_cited_by_path_or_by_their_last_part():
    names = field_names(EVIDENCE)
    assert {"drift.tfidf_drift", "tfidf_drift", "training.new_labels", "challenger.verdict"} <= names
    assert "weather" not in names


def test_every_number_of_the_rules_is_a_fact():
    assert {"rules.monitoring.drift_threshold", "rules.retraining.min_new_labels"} <= set(KNOWN)
    assert KNOWN["rules.monitoring.drift_threshold"] == PolicyRules().monitoring.drift_threshold
