"""docs/agent.md says what the code does: every rule, every reason code, every route."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from agent.control_plane.api import Parts, create_api
from agent.deliberation.proposal import ReasonCode
from agent.passes import Passes
from agent.rules.policy import RULES
from tests.agent.fakes import Clock

PAGE = (Path(__file__).parents[2] / "docs" / "agent.md").read_text()


def table(first_column: str) -> list[str]:
    """The first cells, without marks, of the table whose first column has that name."""
    _, _, after = PAGE.partition(f"| {first_column} |")
    cells = re.findall(r"^\| ([^|]+) \|", after.partition("\n\n")[0], re.MULTILINE)
    return [cell.replace("`", "").strip() for cell in cells]


def test_every_rule_is_in_the_table_in_the_order_of_the_policy():
    assert table("rule") == [rule.__name__ for rule in RULES]


def test_every_reason_code_is_in_the_table():
    assert table("reason code") == [code.value for code in ReasonCode]


def test_every_route_is_in_the_table(store):
    app = create_api(Parts(store=store, loops={}, passes=Passes({}), clock=Clock()))
    assert sorted(cell.partition("?")[0] for cell in table("route")) == sorted(routes(app))


def routes(app: FastAPI) -> list[str]:
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize("name", re.findall(r"REFIT_AGENT_([A-Z_]+[A-Z])\b", PAGE))
def test_every_setting_that_is_named_exists(name):
    from agent.settings import AgentSettings

    assert any(field.startswith(name.lower()) for field in AgentSettings.model_fields)
