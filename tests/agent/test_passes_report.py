"""What fails behind an answer that was given already is told in the log."""

import logging

import pytest

from agent.actions import Action
from agent.chat.desk import opened
from agent.deliberation.proposal import Deliberation, Proposal
from agent.errors import EffectError
from agent.passes import Passes
from tests.agent.fakes import MODEL, FakeHands
from tests.agent.world import loop_in

ASKED = Deliberation(proposal=Proposal(actions=frozenset({Action.RETRAIN})), conversation="c1")


class TextOfStrangersError(ValueError):
    """Its message must not reach the log."""


def test_an_error_after_the_decision_of_a_conversation_is_told_by_its_name(home, store, caplog):
    error = TextOfStrangersError("text of a stranger")
    loop = loop_in(home, store, hands=FakeHands(store, home / "diary", error=error))
    passes = Passes({MODEL: loop})
    with caplog.at_level(logging.ERROR, "refit.agent"):
        decision = opened(passes, loop, ASKED, 240.0)
        passes.close()
    assert decision is not None
    (record,) = [record for record in caplog.records if "failed" in record.getMessage()]
    assert "TextOfStrangersError" in record.getMessage()
    assert MODEL in record.getMessage()
    assert "stranger" not in caplog.text.replace("TextOfStrangersError", "")


@pytest.mark.parametrize("error", [EffectError("no more memory")])
def test_an_error_of_our_own_is_recorded_and_needs_no_line(home, store, caplog, error):
    loop = loop_in(home, store, hands=FakeHands(store, home / "diary", error=error))
    passes = Passes({MODEL: loop})
    with caplog.at_level(logging.ERROR, "refit.agent"):
        opened(passes, loop, ASKED, 240.0)
        passes.close()
    assert not [record for record in caplog.records if "failed" in record.getMessage()]
