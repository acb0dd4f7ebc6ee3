"""What belongs to a deployment of the dashboard; read in the entry points."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """Environment variables, upper case, with REFIT_DASHBOARD_ in front; a `.env` file is read too."""

    model_config = SettingsConfigDict(env_prefix="REFIT_DASHBOARD_", env_file=".env", extra="ignore")

    agent_url: str = Field("http://127.0.0.1:8100", description="Where the agent's control plane answers.")
    token: SecretStr | None = Field(
        None,
        description="The operator's token of the agent to act, or an approver's or viewer's. None: this machine's own.",
    )
    who: str = Field(
        "dashboard", min_length=1, max_length=80, description="Name proposed for answers to approvals, for the record."
    )
    host: str = Field("127.0.0.1", description="Address that the dashboard listens on.")
    port: int = Field(8501, ge=0, le=65_535, description="Port of the dashboard; 0 takes one that is free.")
    behind_login: bool = Field(
        False,
        description="The dashboard has no login: listening beyond this machine takes one in front of it. Says so.",
    )
    refresh_seconds: float = Field(10.0, ge=2, le=3_600, description="How often an open page asks for what is new.")
    timeout_seconds: float = Field(15.0, gt=0, le=120, description="How long the agent may take to answer.")
