"""What belongs to a deployment: folders, database addresses, data sources. Read in entry points and passed down."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _held_to_the_web(url: str) -> None:
    """Raises ValueError, which quotes nothing of the URL."""
    try:
        parts = urlsplit(url)
        readable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        readable = False
    if not readable:
        raise ValueError("a URL begins with http:// or https:// and a host; a file on a disk is named by path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL with a user or a password is not fetched; use a signed query, or a file by path")


class DataFrom(BaseModel):
    """One source of training data: a file by path or URL, the rows of a SQL query, the store's labelled predictions,
    or the model's own source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    url: str | None = None
    sha256: str | None = Field(None, description="Checksum of the file; a URL must have one.")
    sql: str | None = None
    database: SecretStr | None = Field(None, description="Address of the database that the query is put to.")
    store: bool = False
    default: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> "DataFrom":
        kinds = (self.path is not None, self.url is not None, self.sql is not None, self.store, self.default)
        if sum(kinds) != 1:
            raise ValueError("name exactly one of path, url, sql, store and default")
        if self.url and not self.sha256:
            raise ValueError("a URL needs its sha256, so that nobody can change what is learned from")
        if self.url:
            _held_to_the_web(self.url)
        if self.sql and not self.database:
            raise ValueError("a SQL query needs its database")
        return self


class PipelineSettings(BaseSettings):
    """Environment variables, upper case, with REFIT_ in front; a `.env` file in the working directory is read too."""

    model_config = SettingsConfigDict(
        env_prefix="REFIT_", env_file=".env", extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    home: Path = Field(Path("var"), description="Folder of data, artefacts, databases and logs.")
    data_dir: Path = Field(
        default_factory=lambda given: given["home"] / "data",
        description="Folder in which fetched raw data is kept. Default: data/ under home.",
    )
    default_model: str = Field(
        "sms_spam",
        validation_alias=AliasChoices("DEFAULT_MODEL", "REFIT_DEFAULT_MODEL"),
        description="The managed model that plain /predict answers for.",
    )
    models_dir: Path | None = Field(None, description="A folder with more managed models, one Python file each.")
    training_data: dict[str, list[DataFrom]] = Field(
        {}, description='Other training data by model, as JSON: {"sms_spam": [{"path": "rows.csv"}, {"store": true}]}.'
    )
    telemetry_url: SecretStr | None = Field(
        None, description="Database of predictions, labels and reports. Default: SQLite under home."
    )
    control_url: SecretStr | None = Field(
        None, description="Database of decisions, versions and promotions. Default: SQLite under home."
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        validation_alias="MLFLOW_TRACKING_URI",
        description="MLflow server or database. Default: SQLite under home, no server.",
    )
    sms_spam_file: Path | None = Field(
        None, description="A local copy of the SMS Spam Collection, one `label TAB text` a line."
    )
    sms_spam_sha256: str | None = Field(None, description="Checksum that the local copy must have; unset accepts any.")
    aclimdb_dir: Path | None = Field(
        None, description="The folder aclImdb of the Large Movie Review Dataset; its test part is the frozen holdout."
    )
    download_timeout_seconds: float = Field(
        10.0, description="How long a web source of the data may stay silent; a package has two minutes in all."
    )
    keep_predictions_days: float | None = Field(
        None, gt=0, description="Predictions and their labels older than this may be archived; unset: kept for ever."
    )
    keep_reports_days: float | None = Field(
        None, gt=0, description="Monitoring reports older than this may be archived; unset: kept for ever."
    )
    keep_latencies_days: float | None = Field(
        None, gt=0, description="Latencies by the minute older than this may be archived; unset: kept for ever."
    )
    archive_folder: Path | None = Field(
        None, validation_alias="REFIT_ARCHIVE_DIR", description="Folder of the Parquet archive. Default: under home."
    )
    training_processes: int = Field(2, ge=1, description="Worker processes of the candidate search.")
    training_backend: Literal["local", "ray"] = Field(
        "local", description="Where the candidate search runs: processes of this machine, or a Ray cluster."
    )
    ray_address: str | None = Field(
        None,
        description="The Ray cluster: ray://host:10001, host:6379 or auto; unset: one of its own on this machine.",
    )

    @property
    def root(self) -> Path:
        return self.home.absolute()

    @property
    def artifact_dir(self) -> Path:
        return self.root / "artifacts"

    @property
    def registry_dir(self) -> Path:
        """Where registry.json and audit.log of each model are written."""
        return self.root / "registry"

    @property
    def archive_dir(self) -> Path:
        return (self.archive_folder or self.root / "archive").absolute()

    @property
    def telemetry_address(self) -> str:
        return self._address(self.telemetry_url, "telemetry.db")

    @property
    def control_address(self) -> str:
        return self._address(self.control_url, "control.db")

    @property
    def mlflow_address(self) -> str:
        return self.mlflow_tracking_uri or f"sqlite:///{self.root / 'mlflow.db'}"

    def _address(self, url: SecretStr | None, file: str) -> str:
        return url.get_secret_value() if url else f"sqlite:///{self.root / file}"
