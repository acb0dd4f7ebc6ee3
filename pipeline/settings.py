"""What belongs to a deployment: folders, database addresses, data sources. Read in entry points and passed down."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class PipelineSettings(BaseSettings):
    """Environment variables, upper case, with REFIT_ in front; a `.env` file in the working directory is read too."""

    model_config = SettingsConfigDict(env_prefix="REFIT_", env_file=".env", extra="ignore", populate_by_name=True)

    home: Path = Field(Path("var"), description="Folder of data, artefacts, databases and logs.")
    data_dir: Path = Field(Path("var/data"), description="Folder in which fetched raw data is kept.")
    default_model: str = Field("sms_spam", description="The managed model that plain /predict answers for.")
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
    download_timeout_seconds: float = Field(10.0, description="How long one source of the data may take to answer.")
    training_processes: int = Field(2, ge=1, description="Worker processes of the candidate search.")

    @property
    def root(self) -> Path:
        return self.home.absolute()

    @property
    def artifact_dir(self) -> Path:
        return self.root / "artifacts"

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
