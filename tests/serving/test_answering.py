"""Who is blamed for a failure during a rollout, and what is kept of an answer that nobody gets."""

import asyncio
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from pipeline.catalog import managed_model
from pipeline.releases.rollout import Traffic
from serving.answering import Answerer
from serving.asking import BROKEN_MODEL
from serving.front_door import SCOPE_KEY, Caller
from serving.parts import build_parts
from serving.routes import DataPlane, endpoint
from serving.shadow import Shadow
from serving.slots import Lineup
from tests.serving.test_rollouts import Broken, held, lineup
from tests.serving.world import MODEL, World

BODY = b'{"message": "win"}'


@pytest.fixture
def tried(world: World) -> World:
    """v1 serves, v2 is there to be rolled out."""
    world.add_version(1)
    world.add_version(2)
    world.promote(1)
    return world


def ask(made: Lineup) -> None:
    Answerer(Shadow(lambda entry: True, 10)).answer(managed_model(MODEL), made, "win", "caller")


def failures(made: Lineup) -> tuple[int, int]:
    assert made.trial is not None
    return made.trial.figures.asked, made.trial.figures.errors


@pytest.mark.parametrize("challenger", [Broken(), Broken(ValueError("no"))])
@pytest.mark.parametrize("traffic", [Traffic.SHADOW, Traffic.CANARY])
def test_a_failure_of_the_champion_is_not_counted_as_one_of_the_challenger(
    tried: World, traffic: Traffic, challenger: Broken
) -> None:
    made = lineup(tried, challenger, traffic)
    made = replace(made, champion=replace(made.champion, artifact=held(Broken(ValueError("champion")))))
    if challenger.error is None and traffic is Traffic.CANARY:
        ask(made)  # the challenger answers
    else:
        with pytest.raises(BROKEN_MODEL):
            ask(made)
    assert failures(made) == (0, 0)


def test_a_version_with_none_beside_it_is_blamed_alone(tried: World) -> None:
    made = lineup(tried, Broken(), Traffic.SHADOW)
    assert made.trial is not None
    promoted = replace(made.champion.pointer, version=made.trial.version)
    broken = replace(made.champion, pointer=promoted, artifact=held(Broken(score=float("nan"))))
    with pytest.raises(BROKEN_MODEL):
        ask(replace(made, champion=broken))
    assert failures(made) == (1, 1)


def plane_with_one_place(world: World, made: Lineup) -> DataPlane:
    """The handlers over a log with room for one row, which nothing empties: no thread is started."""
    settings = world.serving_settings(log_queue_rows=1)
    parts = build_parts(settings)
    parts.slots.switch(MODEL, made.champion)
    parts.slots.set_trial(MODEL, made.trial)
    return DataPlane(parts, {name: endpoint(spec, settings) for name, spec in parts.specs.items()})


def test_of_an_answer_that_the_full_log_holds_back_nothing_is_kept(tried: World) -> None:
    made: Any = lineup(tried, Broken(), Traffic.SHADOW)
    plane = plane_with_one_place(tried, made)
    way = plane.straight_ways()["/predict"]
    assert way(BODY, "caller") is not None
    kept = (made.trial.figures.answered, plane.parts.shadow._queue.qsize(), plane.parts.counters.predictions[MODEL])
    assert kept == ({1: 1}, 1, 1)
    assert way(BODY, "caller") is None
    kept = (made.trial.figures.answered, plane.parts.shadow._queue.qsize(), plane.parts.counters.predictions[MODEL])
    assert kept == ({1: 1}, 1, 1)


def test_a_database_that_hangs_holds_back_no_model_that_is_waited_for(tried: World) -> None:
    made = lineup(tried, Broken(), Traffic.SHADOW)
    plane, let_go = plane_with_one_place(tried, made), Event()
    plane.parts.slots.switch("sentiment", made.champion)
    assert plane.endpoints["sentiment"].waits

    async def asked() -> int:
        hanging = [asyncio.ensure_future(plane.parts.in_thread(let_go.wait)) for _ in range(10)]
        try:
            answer = await asyncio.wait_for(plane.predict(request_for("sentiment")), 60)
        finally:
            let_go.set()
        await asyncio.gather(*hanging)
        return answer.status_code

    assert asyncio.run(asked()) == 200


def request_for(name: str) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"text": "win"}', "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [], "path_params": {"name": name}}
    return Request(scope | {SCOPE_KEY: Caller(b"r", "")}, receive)
