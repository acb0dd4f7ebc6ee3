"""The generated pages are what the generator gives, and the generator finds everything."""

import dataclasses
import re

import pytest
from fastapi import APIRouter
from pydantic_settings import BaseSettings

from agent.control_plane.roles import Role
from agent.control_plane.server import build_parts
from agent.passes import Passes
from agent.settings import AgentSettings
from launch.pages.__main__ import pages
from launch.pages.http_page import agent_app
from launch.pages.places import DOCS, filled
from launch.pages.settings_page import settings_classes, settings_page
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from serving.settings import ServingSettings


@pytest.fixture
def store(tmp_path):
    opened = open_store(PipelineSettings(_env_file=None, home=tmp_path))
    yield opened
    opened.close()


def test_the_pages_are_current():
    written = {name: (DOCS / name).read_text() for name, _ in pages()}
    assert [name for name, text in pages() if written[name] != text] == [], "Run: make docs"


def test_every_settings_class_that_is_in_use_is_found():
    found = set(settings_classes())
    assert {PipelineSettings, ServingSettings, AgentSettings} <= found
    ours = {
        kind for kind in _all(BaseSettings) if kind.__module__.partition(".")[0] in ("agent", "pipeline", "serving")
    }
    assert ours <= found


def _all(kind: type) -> set[type]:
    return {kind, *(one for below in kind.__subclasses__() for one in _all(below))}


def test_every_secret_is_marked_and_no_other_setting_is():
    page = settings_page()
    for kind in settings_classes():
        for name, field in kind.model_fields.items():
            said = field.description
            if said is None:
                continue
            row = next(line for line in page.splitlines() if " ".join(said.split()).replace("|", "\\|") in line)
            assert ("**Secret.**" in row) == ("SecretStr" in str(field.annotation)), name


def test_every_router_that_the_control_plane_may_have_is_there(store):
    """A part that is optional and not built would be missing from the page, and from the service."""
    parts = build_parts(AgentSettings(_env_file=None), store, Passes({}))
    routers = [field.name for field in dataclasses.fields(parts) if "APIRouter" in str(field.type)]
    assert routers
    assert [name for name in routers if not isinstance(getattr(parts, name), APIRouter)] == []


def test_who_may_ask_is_what_the_gate_says(store):
    page = (DOCS / "http-api.md").read_text()
    app = agent_app(AgentSettings(_env_file=None), store)
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            section = page.partition(f"### `{method.upper()} {path}`")[2].partition("###")[0]
            said = re.search(r"- who: (\w+)", section)
            assert said, (method, path)
            concrete = path.replace("{approval_id}", "a1")
            roles = [role for role in Role if role.may_ask(method.upper(), concrete)]
            assert Role(said.group(1)) in roles


def test_a_page_without_its_place_is_an_error():
    with pytest.raises(ValueError, match="0 parts 'settings'"):
        filled("# Settings", "settings", "x")
    page = "a\n<!-- generated: one -->\nold\n<!-- /generated: one -->\nb"
    assert filled(page, "one", "new") == "a\n<!-- generated: one -->\nnew\n<!-- /generated: one -->\nb"
