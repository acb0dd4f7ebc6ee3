"""Numbers that no decision turns on, and values that a number cannot have: what-if in the chat and over HTTP."""

import json

import pytest

from agent.chat.tools import Snapshot, chat_tools
from agent.control_plane.views.decided import decision_under
from agent.control_plane.views.sources import Sources
from agent.errors import ApiError
from agent.evidence import DataStatus
from agent.foresight.what_if import DECIDING, what_if
from agent.rules.policy_numbers import NUMBERS, ImpossibleRuleNumberError, with_numbers
from tests.agent.builders import DRIFTED, LABELLED, evidence_with, merged, rules_with
from tests.agent.fakes import MODEL, NOON
from tests.agent.foresight.builders import decision_on
from tests.agent.world import loop_in

BREACH = merged(DRIFTED, LABELLED)
BY_THE_CLOCK = merged(BREACH, {"drift": {"earlier_windows": (), "status": DataStatus.SUFFICIENT}})
IMPOSSIBLE = {
    "confirm_windows": 7,
    "drift_threshold": float("nan"),
    "accuracy_confidence": 0.4,
    "min_new_labels": float("inf"),
    "max_per_day": 2.9,
    "cooldown_hours": -1.0,
}


@pytest.fixture
def ask(home, store):
    """The chat's tool what_if_changed on the one decision there is."""
    loop_in(home, store).check()
    snapshot = Snapshot(model=MODEL, evidence=evidence_with(BREACH), rules=rules_with(), store=store, now=NOON)
    tool = chat_tools(snapshot, [])["what_if_changed"]
    return lambda number, value: json.loads(tool.invoke({"number": number, "value": value}))


@pytest.mark.parametrize("number", sorted(set(NUMBERS) - DECIDING))
def test_a_number_that_no_decision_turns_on_is_answered_as_changing_nothing(ask, number):
    result = ask(number.replace("_", " "), 0.2 if number == "max_source_share" else 1_000)
    assert result["status"] == "ok", result
    assert result["data"]["same"] is True
    assert result["data"]["from_there_it_changes_at"] is None


def test_the_chat_says_what_a_number_may_be(ask):
    result = ask("confirm windows", 7)
    assert result["status"] == "no_data"
    assert "between 1 and 3" in result["reason"]


@pytest.mark.parametrize("name", sorted(IMPOSSIBLE))
def test_a_value_that_a_number_cannot_have_is_refused(name):
    with pytest.raises(ImpossibleRuleNumberError, match=name):
        what_if(decision_on(BY_THE_CLOCK), {name: IMPOSSIBLE[name]})


def test_both_ends_of_a_range_are_possible():
    for name, values in {"drift_threshold": (0, 1), "confirm_windows": (1, 3), "max_per_day": (0, 100)}.items():
        for value in values:
            with_numbers(rules_with(), {name: value})


def test_a_view_with_an_impossible_number_is_a_wrong_request(home, store):
    loop = loop_in(home, store)
    made = loop.check()
    sources = Sources(
        store=store,
        loops={MODEL: loop},
        clock=loop.clock,
        artifact_dir=home,
        score=lambda name: pytest.fail(f"the scorecard of {name} was read"),
    )
    with pytest.raises(ApiError, match="confirm_windows") as refused:
        decision_under(sources, made.decision.decision_id, {"confirm_windows": 7})
    assert refused.value.status == 422
