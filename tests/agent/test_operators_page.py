"""docs/operators.md explains every state that an operator can meet, and docs/security.md every token."""

from pathlib import Path

import pytest

from agent.acting.approvals import ApprovalState
from agent.actions import Autonomy, Headline
from agent.control_plane.roles import Role
from agent.control_plane.views.lights import Light
from agent.evidence import DataStatus
from agent.settings import AgentSettings
from pipeline.gate.rules import VerdictStatus
from serving.slots import SlotState

DOCS = Path(__file__).parents[2] / "docs"
OPERATORS, SECURITY = (DOCS / "operators.md").read_text(), (DOCS / "security.md").read_text()
IN_CODE = [*DataStatus, *Headline, *Autonomy, *VerdictStatus, *ApprovalState, *SlotState]


@pytest.mark.parametrize("state", IN_CODE, ids=lambda state: f"{type(state).__name__}.{state.value}")
def test_every_state_is_explained(state):
    assert f"`{state.value}`" in OPERATORS


@pytest.mark.parametrize("light", Light)
def test_every_light_is_explained(light):
    assert f"| {light.value} |" in OPERATORS


@pytest.mark.parametrize("name", [name for name in AgentSettings.model_fields if name.endswith(("_token", "_secret"))])
def test_every_token_and_secret_of_the_agent_is_in_the_threat_model(name):
    assert f"`REFIT_AGENT_{name.upper()}`" in SECURITY


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LOCAL])
def test_every_role_is_in_the_threat_model(role):
    assert f"({role.value})" in SECURITY
    assert f" {role.value} |" in SECURITY
