"""What a deployment says about schedules and models holds everywhere: in the chat, over MCP, and in the lights."""

import json
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from agent.build import build_loop
from agent.chat.build import build_chat
from agent.control_plane.server import build_parts
from agent.control_plane.views.build import build_sources
from agent.control_plane.views.overview import overview
from agent.errors import ScheduleError
from agent.mcp.running import build_world
from agent.passes import Passes
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.errors import UnknownModelError
from pipeline.spec import ScheduleRules
from tests.agent.builders import CALM
from tests.agent.fakes import MODEL, add_version
from tests.agent.world import loop_in

SPEC = managed_model(MODEL)


@pytest.fixture
def deployed(settings):
    """Settings of a deployment, without a deciding model."""

    def chosen(pipeline=settings, **schedule):
        schedules = {MODEL: schedule} if schedule else {}
        return AgentSettings(_env_file=None, llm_enabled=False, pipeline=pipeline, schedules=schedules)

    return chosen


def test_the_chat_and_the_mcp_server_know_the_calendar_of_the_deployment(deployed, store):
    add_version(store)
    chosen = deployed(retrain="0 3 * * *")
    snapshot, _ = build_chat(chosen, store, SPEC).look()
    assert snapshot.evidence.training.calendar_overdue_hours is not None
    tool = build_world(chosen, store).tools_of(MODEL)["schedule_and_budget"]
    assert json.loads(tool.invoke({}))["data"]["training"]["calendar_overdue_hours"] is not None


@pytest.mark.parametrize(("minutes", "hours", "late"), [(None, 3.5, True), (240, 3.5, False), (240, 12.5, True)])
def test_a_model_is_late_by_its_own_interval(deployed, home, store, minutes, hours, late):
    loop = loop_in(home, store, CALM)
    loop.check()
    loop.clock.forward(minutes=60 * hours)
    chosen = deployed(look_minutes=minutes) if minutes else deployed()
    sources = replace(build_sources(chosen, store, {MODEL: loop}), clock=loop.clock)
    (row,) = overview(sources)["models"]
    assert ("Nobody has looked" in row["why"]) is late, row["why"]


def test_a_question_without_a_model_is_about_the_default_model_of_the_deployment(deployed, settings, home, store):
    elsewhere = settings.model_copy(update={"default_model": "nothing_we_have"})
    passes = Passes({MODEL: loop_in(home, store)})
    try:
        app = FastAPI()
        app.include_router(build_parts(deployed(elsewhere), store, passes).chat)
        with pytest.raises(UnknownModelError, match="nothing_we_have"):
            TestClient(app).post("/chat", json={"question": "health"})
        assert TestClient(app).post("/chat", json={"question": "health", "model": MODEL}).status_code == 200
    finally:
        passes.close()


def test_a_model_file_with_a_calendar_that_never_comes_is_named(deployed, store):
    spec = replace(SPEC, schedule=ScheduleRules(retrain="0 0 30 2 *"))
    with pytest.raises(ScheduleError, match=f"{MODEL}.*never comes"):
        build_loop(deployed(), store, spec)
