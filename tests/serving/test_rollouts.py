"""Shadow, canary and blue/green through the service, carried on and taken back by itself: no agent runs here."""

import re
import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.catalog import managed_model
from pipeline.releases.promotion import pointer
from pipeline.releases.rollout import Guards, RolloutRules, Stage, Strategy, Traffic
from pipeline.releases.rollout_events import EventKind
from pipeline.releases.rollout_store import current_rollout, rollout_history
from pipeline.served.artifact import Artifact
from pipeline.served.protocols import Answer
from serving.answering import Answerer
from serving.routing import Split
from serving.shadow import Shadow
from serving.slots import Lineup, Loaded, Trial
from serving.trials import TrialFigures
from tests.serving.running import service
from tests.serving.world import MODEL, WEIGHTS, World
from tests.waiting import until

# Seconds that a loaded machine may take over what takes a moment.
PATIENCE = 10
INVERTED = tuple(-weight for weight in WEIGHTS)


def rules(traffic: Traffic, requests: int = 20, **stage: Any) -> RolloutRules:
    only = Stage(traffic=traffic, min_requests=requests, **stage)
    return RolloutRules(strategy=Strategy(traffic.value), stages=(only,))


LONG_SHADOW = rules(Traffic.SHADOW, 1_000_000)
LONG_CANARY = rules(Traffic.CANARY, 1_000_000, share=0.5)
BLUE_GREEN = RolloutRules(
    strategy=Strategy.BLUE_GREEN,
    stages=(Stage(traffic=Traffic.STANDBY), Stage(traffic=Traffic.ALL, min_requests=40)),
)


@pytest.fixture
def two(world: World) -> World:
    """v1 serves, v2 answers the same, v3 answers the opposite."""
    world.add_version(1)
    world.add_version(2)
    world.add_version(3, weights=INVERTED)
    world.promote(1)
    return world


def ask(client: TestClient, caller: str = "", message: str = "win a prize") -> dict[str, Any]:
    answer = client.post("/predict", json={"message": message}, headers={"x-caller-id": caller} if caller else {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def current(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/models/current").json()["models"][MODEL]
    return found


def rolling(client: TestClient, stage: int = 1) -> Callable[[], bool]:
    return lambda: (current(client)["rollout"] or {}).get("stage") == stage


def ask_until(client: TestClient, done: Callable[[], bool], seconds: float = PATIENCE) -> set[str]:
    """Ask many callers until something has happened; the versions that answered."""
    deadline, number, versions = time.monotonic() + 10 * seconds, 0, set()
    while not done():
        assert time.monotonic() < deadline, current(client)
        versions |= {ask(client, f"caller {number + i}")["model_version"] for i in range(10)}
        number += 10
    return versions


def champion(world: World) -> int:
    found = pointer(world.control, MODEL)
    assert found is not None
    return found.version


def ended(world: World) -> Callable[[], bool]:
    return lambda: current_rollout(world.control, MODEL) is None


def test_a_shadow_is_logged_with_its_slot_and_never_answers(two: World) -> None:
    two.roll_out(2, LONG_SHADOW)
    with service(two.serving_settings()) as client:
        until(rolling(client))
        assert {ask(client, f"c{number}")["model_version"] for number in range(30)} == {"v1"}
        until(lambda: current(client)["rollout"]["compared"] == 30)
        assert current(client)["slots"]["challenger"]["state"] == "shadow"
    slots = two.logged_slots()
    assert (slots.count(("champion", 1)), slots.count(("challenger_shadow", 2)), len(slots)) == (30, 30, 60)


def test_a_shadow_that_agrees_is_promoted_after_its_traffic(two: World) -> None:
    two.roll_out(2, rules(Traffic.SHADOW))
    with service(two.serving_settings()) as client:
        until(rolling(client))
        ask_until(client, lambda: current(client)["version"] == "v2")
        until(lambda: current(client)["rollout"] is None)
    done = rollout_history(two.control, MODEL)[0]
    assert (done.kind, done.who, champion(two)) == (EventKind.COMPLETED, "serving", 2)
    assert done.body["figures"]["pairs"] >= 20


def test_a_shadow_that_disagrees_is_taken_back_and_the_champion_never_notices(two: World) -> None:
    two.roll_out(3, LONG_SHADOW)
    with service(two.serving_settings()) as client:
        until(rolling(client))
        assert ask_until(client, ended(two)) == {"v1"}
    done = rollout_history(two.control, MODEL)[0]
    assert (done.kind, champion(two)) == (EventKind.ROLLED_BACK, 1)
    assert "disagree" in done.why


def test_a_canary_answers_its_share_and_the_same_caller_gets_the_same_version(two: World) -> None:
    two.roll_out(2, LONG_CANARY)
    with service(two.serving_settings()) as client:
        until(rolling(client))
        first = {f"c{number}": ask(client, f"c{number}")["model_version"] for number in range(60)}
        again = {caller: ask(client, caller)["model_version"] for caller in first}
        named = [client.post("/predict", json={"message": "win"}, headers={"x-request-id": "r-1"}) for _ in range(5)]
        arms = current(client)["rollout"]["answered"]
    assert first == again
    assert 15 <= list(first.values()).count("v2") <= 45
    assert len({answer.json()["model_version"] for answer in named}) == 1
    assert arms["v1"] + arms["v2"] == 125
    assert ("challenger", 2) in two.logged_slots()
    assert ("champion_shadow", 1) in two.logged_slots()


def test_a_batch_of_a_canary_is_answered_by_one_version(two: World) -> None:
    two.roll_out(2, LONG_CANARY)
    with service(two.serving_settings()) as client:
        until(rolling(client))
        for headers in ({}, {}, *({"x-caller-id": str(caller)} for caller in range(8))):
            found = client.post("/predict/batch", json={"messages": ["win"] * 20}, headers=headers).json()
            assert len({prediction["model_version"] for prediction in found["predictions"]}) == 1


def test_a_canary_goes_through_its_stages_to_the_promotion(two: World) -> None:
    stages = tuple(Stage(traffic=Traffic.CANARY, share=share, min_requests=10) for share in (0.2, 0.6))
    two.roll_out(2, RolloutRules(strategy=Strategy.CANARY, stages=stages))
    with service(two.serving_settings()) as client:
        until(rolling(client))
        ask_until(client, lambda: champion(two) == 2)
    kinds = [event.kind for event in rollout_history(two.control, MODEL)][::-1]
    assert kinds == [EventKind.STARTED, EventKind.ADVANCED, EventKind.COMPLETED]


def test_blue_green_switches_at_once_and_switches_back_when_the_new_version_fails(two: World) -> None:
    two.roll_out(3, BLUE_GREEN)
    with service(two.serving_settings()) as client:
        versions = ask_until(client, ended(two))
        until(lambda: current(client)["version"] == "v1")
        assert ask(client)["model_version"] == "v1"
    assert "v3" in versions  # and v1, when its turn was not over before the first request
    kinds = [event.kind for event in rollout_history(two.control, MODEL)][::-1]
    assert kinds == [EventKind.STARTED, EventKind.ADVANCED, EventKind.ROLLED_BACK]
    assert (champion(two), two.generation) == (1, 3)


def test_blue_green_of_a_good_version_ends_with_the_old_one_released(two: World) -> None:
    two.roll_out(2, BLUE_GREEN)
    with service(two.serving_settings()) as client:
        ask_until(client, ended(two))
        assert current(client)["version"] == "v2"
    assert champion(two) == 2
    assert ("previous_shadow", 1) in two.logged_slots()


def test_labels_take_back_a_version_that_is_wrong_where_it_differs(two: World) -> None:
    lenient = Guards(max_disagreement=1.0, max_score_shift=1.0)
    stage = Stage(traffic=Traffic.SHADOW, min_requests=1_000_000)
    two.roll_out(3, RolloutRules(strategy=Strategy.SHADOW, stages=(stage,), guards=lenient))
    with service(two.serving_settings()) as client:
        until(rolling(client))
        asked = [ask(client, f"c{number}")["prediction_id"] for number in range(40)]
        labels = [{"prediction_id": found, "label": "spam"} for found in asked]
        client.post("/feedback", json={"labels": labels})
        ask_until(client, ended(two))
    done = rollout_history(two.control, MODEL)[0]
    assert done.kind is EventKind.ROLLED_BACK
    assert re.search(r"accuracy is -100\.0% beside the champion's on \d+ labels", done.why)
    assert done.body["arms"]["champion"]["accuracy"] == 1.0


def test_a_challenger_that_cannot_be_loaded_is_taken_back_and_the_champion_serves(two: World) -> None:
    two.artifact_file(two.add_version(4)).write_bytes(b"rubbish")
    two.roll_out(4, LONG_CANARY)
    with service(two.serving_settings()) as client:
        assert ask_until(client, ended(two)) <= {"v1"}
        assert client.get("/health").status_code == 200
    assert "cannot be loaded" in rollout_history(two.control, MODEL)[0].why


def test_another_promotion_ends_a_rollout(two: World) -> None:
    two.roll_out(2, LONG_CANARY)
    with service(two.serving_settings()) as client:
        until(rolling(client))
        two.promote(3)
        until(ended(two))
        until(lambda: current(client)["version"] == "v3")
    assert rollout_history(two.control, MODEL)[0].kind is EventKind.CANCELLED


def test_two_services_on_one_store_carry_on_one_rollout(two: World) -> None:
    two.roll_out(2, rules(Traffic.SHADOW))
    with service(two.serving_settings()) as one, service(two.serving_settings()) as other:
        until(lambda: rolling(one)() and rolling(other)())
        ask_until(one, lambda: bool(ask(other)) and ended(two)())
        until(lambda: current(one)["version"] == current(other)["version"] == "v2")
    assert two.generation == 2


class Broken:
    """A predictor that fails, or waits until it is let go, as told."""

    def __init__(self, error: Exception | None = None, waits_for: Event | None = None, score: float = 0.9):
        self.error, self.waits_for, self.score, self.asked = error, waits_for, score, 0

    def explain(self, value: object, top: int = 5) -> Answer:
        self.asked += 1
        if self.waits_for:
            self.waits_for.wait(PATIENCE)
        if self.error:
            raise self.error
        return Answer(1, self.score)


def held(predictor: object) -> Artifact:
    return Artifact(predictor=predictor, metadata={}, sha256="0" * 64)  # type: ignore[arg-type]


def lineup(two: World, challenger: Broken, traffic: Traffic) -> Lineup:
    rollout = two.roll_out(2, rules(traffic, share=1.0))
    now = rollout.at
    first = pointer(two.control, MODEL)
    assert first is not None
    return Lineup(
        champion=Loaded(pointer=first, artifact=held(Broken()), since=now),
        trial=Trial(rollout=rollout, artifact=held(challenger), since=now, figures=TrialFigures(now)),
        split=Split(salt=rollout.rollout_id, traffic=traffic, share=1.0),
    )


@pytest.mark.parametrize("challenger", [Broken(ValueError("no")), Broken(score=float("nan"))])
def test_a_canary_that_fails_is_counted_and_the_champion_answers_its_caller(two: World, challenger: Broken) -> None:
    made = lineup(two, challenger, Traffic.CANARY)
    served = Answerer(Shadow(lambda entry: True, 10)).answer(managed_model(MODEL), made, "win", "caller")
    assert (served.tag, challenger.asked) == ("v1", 1)
    assert made.trial is not None
    assert (made.trial.figures.errors, made.trial.figures.asked) == (1, 1)


def test_a_shadow_that_hangs_delays_no_caller(two: World) -> None:
    let_go = Event()
    made = lineup(two, Broken(waits_for=let_go), Traffic.SHADOW)
    shadow = Shadow(lambda entry: True, 3)
    shadow.start()
    answerer = Answerer(shadow)
    for number in range(50):
        answerer.given(answerer.answer(managed_model(MODEL), made, "win", str(number)))  # though the shadow hangs
    assert shadow.left_out >= 46  # three wait, and one is with the shadow, if its thread has got to it
    let_go.set()
    shadow.stop(PATIENCE)
