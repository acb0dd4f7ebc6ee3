"""The light of a model: the worst reason gives it, and what cannot be read is never green."""

import pytest

from agent.actions import Autonomy
from agent.control_plane.views.lights import RULES, Light, Seen, age, standing
from agent.deliberation.proposal import Deliberation
from agent.loop import decision_from
from agent.record.canonical import to_plain
from agent.rules.policy import bounds
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged, rules_with
from tests.agent.fakes import NOON

TOO_LOW = {"accuracy": {"estimate": 0.80, "low": 0.72, "high": 0.86, "p_below_floor": 1.0}}
SILENT = {"vocabulary_drift": None, "tfidf_drift": None}
# One scheduled window a little above the line, after two that were not.
WEAK = {
    "vocabulary_drift": 0.16,
    "full_window": 500,
    "scheduled_windows": 3,
    "scheduled_breaches": 1,
    "earlier_windows": [{"vocabulary_drift": 0.0, "tfidf_drift": 0.0}] * 2,
}
STALE = {"drift": {"status": "stale", "hours_since_last_message": 72.0} | SILENT}
EMPTY = {"drift": {"status": "no_data", "hours_since_last_message": None} | SILENT}
FEW = {"drift": {"status": "too_few"} | SILENT}
FILLING = {"drift": {"status": "filling"} | SILENT}
NO_LABELS = {"accuracy": {"status": "no_data", "estimate": None, "low": None, "high": None, "p_below_floor": None}}
LONG = {"history": {"unresolved_breach_hours": 30.0, "incident_id": "d1"}}
AFTERMATH = {"history": {"incident_id": "d1"}}


def decided(change=None):
    """The body of a decision that the real policy makes on changed evidence."""
    evidence, rules = evidence_with(change), rules_with()
    limits = bounds(evidence, rules)
    made = decision_from(evidence, rules, limits, Deliberation(), Autonomy.ACT, NOON, scheduled=True)
    return to_plain(made)


def seen(change=None, **more):
    return Seen(**{"version": 1, "generation": 1, "decision": decided(change), "hours_since_look": 0.5} | more)


@pytest.mark.parametrize(
    ("change", "light", "words"),
    [
        (None, Light.GREEN, "vocabulary 0.04, TF-IDF 0.02"),
        (FILLING, Light.GREEN, "filling"),
        ({"drift": {"vocabulary_drift": 0.15}}, Light.GREEN, "vocabulary 0.15"),
        ({"drift": WEAK}, Light.AMBER, "may be chance"),
        (merged(DRIFTED, LABELLED), Light.AMBER, "Drift: vocabulary 0.23"),
        (TOO_LOW, Light.RED, "Accuracy 80.0%"),
        (merged(merged(DRIFTED, TOO_LOW), LABELLED), Light.RED, "Accuracy 80.0%"),
        (merged(merged(DRIFTED, NO_LABELS), LONG), Light.RED, "unresolved"),
        (STALE, Light.AMBER, "3 days"),
        (merged(FILLING, AFTERMATH), Light.AMBER, "Earlier trouble is unresolved"),
        (EMPTY, Light.GREY, "No messages"),
        (FEW, Light.GREY, "Too few"),
    ],
)
def test_the_newest_decision_gives_the_light_with_its_reason(change, light, words):
    found = standing(seen(change))
    assert (found.light, words in found.why) == (light, True), found.why


def test_what_waits_for_approval_is_amber_and_trouble_stays_red():
    assert standing(seen(waiting=1)).why == "An action waits for approval."
    assert standing(seen(waiting=2)).light is Light.AMBER
    assert standing(seen(TOO_LOW, waiting=2)).light is Light.RED


def test_a_model_without_a_version_or_a_look_is_grey():
    assert standing(Seen()).why == "No version serves yet."
    assert standing(Seen(version=1, generation=1)).why == "Not looked at yet."


def test_a_decision_about_an_earlier_champion_says_nothing_about_this_one():
    found = standing(seen(TOO_LOW, version=2, generation=2))
    assert (found.light, found.why) == (Light.GREY, "v2 is new: not looked at yet.")
    assert standing(seen(generation=2, waiting=1)).light is Light.AMBER


def test_an_altered_decision_is_grey_and_says_how_to_find_out_more():
    found = standing(Seen(version=1, generation=1, decision={}))
    assert (found.light, "verify" in found.why) == (Light.GREY, True)


@pytest.mark.parametrize(("hours", "light"), [(3.0, Light.GREEN), (3.1, Light.AMBER)])
def test_a_model_that_nobody_looks_at_any_more_is_amber(hours, light):
    assert standing(seen(hours_since_look=hours)).light is light


def test_calm_needs_a_window_that_was_judged():
    """Whatever of a decision is missing, the light is not green for it."""
    whole = decided()
    for part in ("evidence", "bounds", "ruling"):
        less = {name: value for name, value in whole.items() if name != part}
        found = standing(Seen(version=1, generation=1, decision=less, hours_since_look=0.5))
        assert found.light is not Light.GREEN, part


def test_every_rule_says_a_sentence_or_nothing():
    for _, rule in RULES:
        assert rule(seen(TOO_LOW, waiting=1)) is None or rule(seen(TOO_LOW, waiting=1)).strip()
    assert (age(47.0), age(48.0)) == ("47 hours", "2 days")
