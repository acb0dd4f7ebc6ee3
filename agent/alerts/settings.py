"""Where alerts go, from the environment; the names of the channels are those that the services use."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from agent.alerts.links import Places, address
from agent.alerts.notice import Severity
from agent.alerts.quiet import QuietHours, quiet_hours
from agent.errors import AlertSetupError

Listed = Annotated[tuple[str, ...], NoDecode]


class AlertSettings(BaseSettings):
    """Environment variables or a `.env` file. A channel without its address is off; without any, nothing is sent.

    SLACK_*, SMTP_* and ALERT_* are plain names; what has none of them begins with REFIT_ALERTS_.
    """

    model_config = SettingsConfigDict(
        env_prefix="REFIT_ALERTS_", env_file=".env", extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    slack_webhook_url: SecretStr | None = Field(
        None, validation_alias="SLACK_WEBHOOK_URL", description="Incoming webhook; used where no bot token is set."
    )
    slack_bot_token: SecretStr | None = Field(
        None, validation_alias="SLACK_BOT_TOKEN", description="Bot token (xoxb-): threads, updates and buttons."
    )
    slack_channel: str | None = Field(
        None, validation_alias="SLACK_CHANNEL", description="Id of the channel that the bot posts to."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, validation_alias="SLACK_SIGNING_SECRET", description="Opens POST /slack/... for buttons and questions."
    )
    slack_app_token: SecretStr | None = Field(
        None, validation_alias="SLACK_APP_TOKEN", description="App token (xapp-): the same over Socket Mode."
    )
    slack_approvers: Listed = Field((), description="Slack user ids that may answer and label; nobody else may.")
    slack_api_url: str = Field("https://slack.com/api/", description="Slack's Web API; another one for tests.")
    smtp_server: str | None = Field(None, validation_alias="SMTP_SERVER", description="Mail server.")
    smtp_port: int = Field(
        587, ge=1, le=65_535, validation_alias="SMTP_PORT", description="465 is TLS at once, any other STARTTLS."
    )
    smtp_username: str | None = Field(None, validation_alias="SMTP_USERNAME", description="Name at the mail server.")
    smtp_password: SecretStr | None = Field(
        None, validation_alias="SMTP_PASSWORD", description="Password at the mail server."
    )
    smtp_from: str | None = Field(
        None, validation_alias="SMTP_FROM", description="Sender; default: the first receiver."
    )
    smtp_ca_file: Path | None = Field(
        None, validation_alias="SMTP_CA_FILE", description="Certificate to trust beside the system's."
    )
    smtp_tls: bool = Field(
        True, validation_alias="SMTP_TLS", description="Off: mail goes unencrypted, for a relay on this machine."
    )
    email: Listed = Field((), validation_alias="ALERT_EMAIL", description="Receivers, separated by commas.")
    webhook_url: SecretStr | None = Field(
        None, validation_alias="ALERT_WEBHOOK_URL", description="Gets every notice as JSON."
    )
    webhook_secret: SecretStr | None = Field(
        None, min_length=16, validation_alias="ALERT_WEBHOOK_SECRET", description="Signs the JSON (HMAC-SHA256)."
    )
    min_severity: Severity = Field(Severity.INFO, description="The least that is sent: info, warning or critical.")
    quiet_hours: str | None = Field(None, description="Such as 22:00-07:00: only what is critical goes out then.")
    quiet_zone: str = Field("UTC", description="Time zone of the quiet hours.")
    show_text: bool = Field(
        False, description="Slack may show messages of users, to be labelled. Off: no text leaves the store."
    )
    labels_shown: int = Field(5, ge=0, le=10, description="How many messages an alert offers for labelling.")
    agent_url: str | None = Field(None, description="Public address of this agent, for links.")
    dashboard_url: str | None = Field(None, description="Public address of the dashboard, for links.")
    runbook_url: str | None = Field(
        None, description="Public address of docs/on-call.md; each alert then links its entry there."
    )
    mlflow_url: str | None = Field(
        None,
        validation_alias=AliasChoices("REFIT_ALERTS_MLFLOW_URL", "MLFLOW_TRACKING_URI"),
        description="Public address of MLflow, for links; default: MLFLOW_TRACKING_URI where it is a web address.",
    )
    poll_seconds: float = Field(1.0, gt=0, le=30, description="How often the ledger and the outbox are looked at.")
    timeout_seconds: float = Field(10.0, gt=0, le=15, description="How long a channel may take to answer.")
    lease_seconds: float = Field(15.0, ge=1, le=30, description="How soon another agent sends in place of a dead one.")
    give_up_hours: float = Field(72.0, gt=0, description="A notice that never gets through becomes a dead letter.")
    keep_days: float = Field(30.0, gt=0, description="How long what was sent stays listed.")

    @field_validator("email", "slack_approvers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("agent_url", "dashboard_url", "runbook_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return address(value) if value else None

    @field_validator("mlflow_url")
    @classmethod
    def _web_address_or_none(cls, value: str | None) -> str | None:
        return address(value) if value and value.startswith(("http://", "https://")) else None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.quiet_hours:
            quiet_hours(self.quiet_hours, self.quiet_zone)
        if self.smtp_server and not self.email:
            raise ValueError("SMTP_SERVER is set and ALERT_EMAIL is not: name the receivers.")
        if self.slack_bot_token and not self.slack_channel:
            raise ValueError("SLACK_BOT_TOKEN is set and SLACK_CHANNEL is not: name the channel by its id.")
        return self

    @property
    def quiet(self) -> QuietHours | None:
        return quiet_hours(self.quiet_hours, self.quiet_zone) if self.quiet_hours else None

    def is_quiet(self, at: datetime) -> bool:
        return self.quiet is not None and self.quiet.holds(at)

    @property
    def places(self) -> Places:
        return Places(
            agent=self.agent_url, dashboard=self.dashboard_url, mlflow=self.mlflow_url, runbook=self.runbook_url
        )

    @property
    def answers_clicks(self) -> bool:
        """Whether a button would reach anybody."""
        return bool(self.slack_signing_secret or self.slack_app_token) and bool(self.slack_approvers)


def alert_settings() -> AlertSettings:
    """From the environment. Raises AlertSetupError that names the first setting that is wrong, never its value."""
    try:
        return AlertSettings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise AlertSetupError(f"The alerts are not set up well: {where + ': ' if where else ''}{said}") from None
