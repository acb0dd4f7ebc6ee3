"""What the read views look at, and who may see the text of messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.control_plane.roles import Role
from agent.errors import ApiError
from agent.loop import Loop
from agent.record.scorecard import Scorecard
from pipeline.clock import Clock
from pipeline.errors import UnknownModelError
from pipeline.spec import ModelSpec
from pipeline.store.open import Store


class ViewSettings(BaseSettings):
    """Environment variables, upper case, with REFIT_VIEWS_ in front; a `.env` file is read too."""

    model_config = SettingsConfigDict(env_prefix="REFIT_VIEWS_", env_file=".env", extra="ignore")

    show_text: bool | None = Field(
        None,
        description="Whether operators get the text of messages from the API. Unset: only on this machine, without "
        "tokens. Viewers and approvers never do.",
    )


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All that the views read. `served` asks the prediction service and gives None when it does not answer."""

    store: Store
    loops: Mapping[str, Loop]
    clock: Clock
    artifact_dir: Path
    score: Callable[[str], Scorecard]
    served: Callable[[str], Mapping[str, Any] | None] = field(default=lambda model: None)
    run_metrics: Callable[[str], Mapping[str, float]] = field(default=lambda run_id: {})
    llm: str | None = None
    show_text: bool | None = None
    look_every_hours: Callable[[str], float] = field(default=lambda model: 1.0)
    default_model: str = "sms_spam"

    def spec_of(self, model: str) -> ModelSpec:
        """Raises UnknownModelError that lists the models."""
        if model not in self.loops:
            raise UnknownModelError(model, sorted(self.loops))
        return self.loops[model].spec


def may_read_text(show_text: bool | None, role: Role) -> bool:
    """Viewers and approvers never; with no setting only who asks from this machine, where no token is set."""
    if not role.may_act:
        return False
    return role is Role.LOCAL if show_text is None else show_text


def require_text(sources: Sources, role: Role) -> None:
    if not may_read_text(sources.show_text, role):
        raise ApiError(
            403,
            "text_hidden",
            "The text of messages is not shown here: it takes the operator's token and REFIT_VIEWS_SHOW_TEXT=true.",
        )
