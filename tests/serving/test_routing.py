"""Who answers a request during a rollout: sticky, in the stated share, and never by the shadow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.releases.rollout import Traffic
from serving.routing import Slot, Split, answers, position, shadow

CALLERS = [f"caller {number}" for number in range(10_000)]


def split(traffic: Traffic, share: float = 1.0, salt: str = "r1") -> Split:
    return Split(salt=salt, traffic=traffic, share=share)


def test_outside_of_a_rollout_the_champion_answers_and_nobody_is_asked_beside_it() -> None:
    assert answers(None, "x") is Slot.CHAMPION
    assert shadow(None, Slot.CHAMPION, "x") is None


@pytest.mark.parametrize("share", [0.0, 0.05, 0.25, 0.5, 1.0])
def test_a_canary_gets_its_share_of_the_callers(share: float) -> None:
    got = sum(answers(split(Traffic.CANARY, share), caller) is Slot.CHALLENGER for caller in CALLERS)
    assert got / len(CALLERS) == pytest.approx(share, abs=0.015)


def test_a_growing_share_keeps_those_who_had_the_new_version() -> None:
    few, many = split(Traffic.CANARY, 0.1), split(Traffic.CANARY, 0.3)
    had = [caller for caller in CALLERS if answers(few, caller) is Slot.CHALLENGER]
    assert all(answers(many, caller) is Slot.CHALLENGER for caller in had)


def test_the_next_rollout_draws_other_callers() -> None:
    first, second = (split(Traffic.CANARY, 0.1, salt) for salt in ("r1", "r2"))
    both = [c for c in CALLERS if answers(first, c) is answers(second, c) is Slot.CHALLENGER]
    assert len(both) < 0.03 * len(CALLERS)


@given(st.text(), st.text())
def test_a_caller_stands_at_one_place_between_0_and_1(salt: str, key: str) -> None:
    assert 0.0 <= position(salt, key) < 1.0
    assert position(salt, key) == position(salt, key)


@pytest.mark.parametrize("traffic", [Traffic.STANDBY, Traffic.SHADOW, Traffic.ALL])
def test_only_a_canary_gives_callers_the_challenger(traffic: Traffic) -> None:
    assert {answers(split(traffic), caller) for caller in CALLERS[:200]} == {Slot.CHAMPION}


@pytest.mark.parametrize(
    ("traffic", "answered", "asked_too"),
    [
        (Traffic.STANDBY, Slot.CHAMPION, None),
        (Traffic.SHADOW, Slot.CHAMPION, Slot.CHALLENGER),
        (Traffic.CANARY, Slot.CHALLENGER, Slot.CHAMPION),
        (Traffic.CANARY, Slot.CHAMPION, None),
        (Traffic.ALL, Slot.CHAMPION, Slot.PREVIOUS),
    ],
)
def test_the_other_version_is_asked_in_the_shadow(traffic: Traffic, answered: Slot, asked_too: Slot | None) -> None:
    assert shadow(split(traffic), answered, "x") is asked_too


def test_a_shadow_may_see_a_share_of_the_traffic() -> None:
    seen = sum(shadow(split(Traffic.SHADOW, 0.2), Slot.CHAMPION, caller) is not None for caller in CALLERS)
    assert seen / len(CALLERS) == pytest.approx(0.2, abs=0.015)
