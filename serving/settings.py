"""What belongs to a deployment of the prediction service; read in the entry point and passed down."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.settings import PipelineSettings


class ServingSettings(BaseSettings):
    """Environment variables, upper case, with REFIT_SERVING_ in front; a `.env` file is read too.

    Folders, databases and the default model are the pipeline's (REFIT_...), found under `pipeline`.
    """

    model_config = SettingsConfigDict(env_prefix="REFIT_SERVING_", env_file=".env", extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 takes one that is free.")
    poll_seconds: float = Field(1.0, gt=0, description="How often the champion pointer of each model is looked at.")
    retry_seconds: float = Field(
        10.0, gt=0, description="How soon an artefact that could not be loaded is tried again."
    )
    artifacts_url: str | None = Field(
        None, description="Control plane that artefacts are fetched from where no folder is shared with training."
    )
    artifacts_token: SecretStr | None = Field(None, description="A token of that control plane; a viewer's is enough.")
    artifacts_timeout_seconds: float = Field(30.0, gt=0, description="How long it may leave a fetch without a byte.")
    start_wait_seconds: float = Field(
        2.0, ge=0, description="How long the start waits for the first look at the store."
    )
    max_body_bytes: int = Field(256_000, gt=0, description="Larger request bodies are refused before parsing.")
    max_batch_messages: int = Field(1_000, gt=0, description="Most messages of one batch prediction.")
    max_drift_messages: int = Field(5_000, gt=0, description="Most messages of one drift calculation.")
    log_queue_rows: int = Field(
        50_000, gt=0, description="Predictions that may wait in memory for the telemetry store."
    )
    log_batch_rows: int = Field(250, gt=0, description="Predictions written in one transaction.")
    log_flush_seconds: float = Field(
        0.05, gt=0, description="How long a prediction waits at most before it is written."
    )
    log_room_wait_seconds: float = Field(
        0.25, ge=0, description="How long an answer is held back when the log is full."
    )
    log_mode: Literal["batched", "durable"] = Field(
        "batched", description="durable: a prediction is answered only after its row is committed."
    )
    durable_wait_seconds: float = Field(
        2.0, gt=0, description="How long a durable answer waits for its commit before it is refused with 503."
    )
    spool_bytes: int = Field(
        256_000_000, ge=0, description="Most bytes of predictions kept on the local disk while the store is away."
    )
    shadow_queue: int = Field(5_000, gt=0, description="Requests that may wait to be compared during a rollout.")
    release_check_seconds: float = Field(1.0, gt=0, description="How often the guards of a rollout are looked at.")
    prediction_keys: tuple[SecretStr, ...] = Field(
        (), description='Keys, as a JSON list: one of them must come with every request that carries data. ["..."]'
    )
    control_token: SecretStr | None = Field(
        None, description="Token of POST /control/...; without one, only this machine itself may use them."
    )
    rate_per_second: float | None = Field(None, gt=0, description="Most requests a second of one key or peer.")
    rate_burst: int = Field(200, gt=0, description="Requests that may come at once within that rate.")
    trusted_proxies: str = Field(
        "", description="Addresses of proxies whose X-Forwarded-For names the peer; empty: none is believed."
    )
    head_seconds: float = Field(10.0, gt=0, description="How long the head of a request may take to arrive.")
    body_seconds: float = Field(20.0, gt=0, description="How long the body of a request may take to arrive.")
    write_seconds: float = Field(20.0, gt=0, description="How long a client may leave an answer unread.")
    # Longer than the 5 s of most clients' pools, so that they close first.
    keep_alive_seconds: int = Field(15, gt=0, description="How long a connection may wait for its next request.")
    max_head_bytes: int = Field(16_384, gt=0, description="Larger request heads are refused.")
    max_connections: int = Field(4_000, gt=0, description="Connections over this number are answered with 503.")
    access_log: bool = Field(False, description="Write a line of JSON for each request to standard error.")
    fast_path: bool = Field(True, description="Answer /predict and /classify without FastAPI's routing.")
    drain_seconds: float = Field(10.0, ge=0, description="How long a shutdown may take to finish requests and the log.")
    pipeline: PipelineSettings = Field(default_factory=PipelineSettings)

    @property
    def local_dir(self) -> Path:
        """The service's own disk: the last good artefact and pointer of each model."""
        return self.pipeline.root / "serving"
