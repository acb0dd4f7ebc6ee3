"""What belongs to a deployment of the agent: autonomy, the deciding model, limits; read in the entry point."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.actions import Autonomy
from agent.schedule.plans import ScheduleChange
from pipeline.settings import PipelineSettings


class AgentSettings(BaseSettings):
    """Environment variables, upper case, with REFIT_AGENT_ in front; a `.env` file is read too.

    The usual OPENAI_API_KEY and OPENAI_BASE_URL are accepted as well. Without a key and an address the rules decide
    alone. Folders and databases are the pipeline's (REFIT_...), found under `pipeline`.
    """

    model_config = SettingsConfigDict(env_prefix="REFIT_AGENT_", env_file=".env", extra="ignore", populate_by_name=True)

    autonomy: Autonomy = Field(
        Autonomy.ACT, description="observe only says it, propose waits for a person, act does it."
    )
    api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("REFIT_AGENT_API_KEY", "OPENAI_API_KEY"),
        description="Key of the deciding model's service.",
    )
    base_url: str | None = Field(
        None,
        validation_alias=AliasChoices("REFIT_AGENT_BASE_URL", "OPENAI_BASE_URL"),
        description="Any OpenAI-compatible address; a key is optional then.",
    )
    llm_enabled: bool = Field(True, description="Off: the rules decide alone, whatever key is set.")
    llm_advice_only: bool = Field(False, description="The deciding model is asked and recorded, but the rules decide.")
    llm_traces: bool = Field(False, description="Keep an MLflow trace of each deliberation, linked from its decision.")
    llm_model: str = Field("gpt-5-mini", description="The deciding model, by the name its service knows.")
    llm_structured: Literal["tool", "json_schema"] = Field(
        "tool", description="How it gives its answer: as a tool call, or held to a JSON schema by its service."
    )
    llm_call_timeout_seconds: float = Field(20.0, gt=0, description="How long one call may take, per attempt.")
    llm_max_retries: int = Field(1, ge=0, description="Repeats of a call that failed (429, 5xx, connection).")
    llm_wall_clock_seconds: float = Field(60.0, gt=0, description="How long the whole deliberation may take.")
    llm_max_calls: int = Field(8, ge=1, description="Calls of the deciding model in one decision.")
    llm_max_calls_per_day: int = Field(2_000, ge=0, description="Calls of all decisions and questions in 24 hours.")
    llm_max_tokens_per_decision: int = Field(60_000, ge=1, description="Tokens in and out in one decision.")
    llm_max_output_tokens: int = Field(2_000, ge=1, description="Tokens of one answer.")
    llm_max_tokens_per_day: int = Field(1_000_000, ge=0, description="Tokens of all of them in 24 hours.")
    llm_max_usd_per_decision: float = Field(0.20, ge=0, description="Money for one decision, at the prices below.")
    llm_max_usd_per_day: float = Field(5.0, ge=0, description="Money for all of them in 24 hours.")
    llm_usd_per_million_input: float = Field(0.25, ge=0, description="Price of input tokens; 0 for a local model.")
    llm_usd_per_million_output: float = Field(2.0, ge=0, description="Price of output tokens; 0 for a local model.")
    approval_hours: float = Field(24.0, gt=0, description="How long an approval may wait before it expires.")
    lease_seconds: float = Field(60.0, gt=0, description="How soon another agent takes over from a dead one.")
    max_effect_attempts: int = Field(3, ge=1, description="Restarts of one effect before it is given up.")
    tell_again_hours: float = Field(
        24.0, ge=0, description="How soon an unresolved incident is news again; until then it is noted as repeated."
    )
    interval_minutes: float = Field(
        60.0, gt=0, le=527_040, description="Time between scheduled looks at each model; a year at most."
    )
    schedules: dict[str, ScheduleChange] = Field(
        {},
        description='Other schedules by model, as JSON: {"sms_spam": {"look_minutes": 30, "retrain": "0 3 * * mon", '
        '"zone": "Europe/Berlin"}}.',
    )
    serving_url: str = Field("http://127.0.0.1:8000", description="Where the prediction service answers.")
    who: str = Field("agent", description="The name under which promotions are recorded.")
    prompts_dir: Path | None = Field(None, description="Folder of the prompts; default: prompts/ of this checkout.")
    api_host: str = Field("127.0.0.1", description="Address that the control plane listens on.")
    api_port: int = Field(8100, ge=0, le=65_535, description="Port of the control plane; 0 takes one that is free.")
    api_token: SecretStr | None = Field(
        None, min_length=16, description="The operator's: may do everything. Without it only this machine may ask."
    )
    api_approve_token: SecretStr | None = Field(
        None, min_length=16, description="The approver's: may read and answer approvals, and open no decision."
    )
    api_read_token: SecretStr | None = Field(
        None, min_length=16, description="The viewer's: may read and ask questions, and change nothing."
    )
    api_max_body_bytes: int = Field(65_536, ge=1_024, description="Larger bodies of requests are refused unread.")
    api_wait_seconds: float = Field(20.0, ge=0, description="How long a request for a check waits for its decision.")
    log_format: Literal["text", "json"] = Field("text", description="json: one object a line, with the ids of each.")
    otel_endpoint: str | None = Field(
        None,
        validation_alias=AliasChoices("REFIT_AGENT_OTEL_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="OTLP/HTTP collector that spans are sent to; needs requirements-otel.txt.",
    )
    events_secret: SecretStr | None = Field(
        None, min_length=16, description="POST /events/data must then be signed with it (HMAC-SHA256)."
    )
    pipeline: PipelineSettings = Field(default_factory=PipelineSettings)

    @field_validator("api_key", "base_url", mode="before")
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        """What a compose file or a shell passes for a variable that nobody gave."""
        return None if isinstance(value, str) and not value.strip() else value

    @property
    def llm_configured(self) -> bool:
        return self.llm_enabled and (self.api_key is not None or self.base_url is not None)
