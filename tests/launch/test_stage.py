"""The demonstration stays on its stage: no store and no key of the deployment, no folder of others."""

from pathlib import Path

import pytest
from rich.console import Console

from launch.stage import NotEmptyError, Stage

# One of each kind that a deployment sets.
DEPLOYMENT = {
    "OPENAI_API_KEY": "sk-of-the-deployment",
    "REFIT_AGENT_API_KEY": "sk-of-the-deployment",
    "REFIT_SERVING_CONTROL_TOKEN": "of-the-deployment",
    "SLACK_BOT_TOKEN": "xoxb-of-the-deployment",
    "ALERT_WEBHOOK_URL": "https://of-the-deployment.example",
    "DEFAULT_MODEL": "of-the-deployment",
    "refit_agent_base_url": "https://of-the-deployment.example",
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(home=tmp_path / "demo", data_dir=tmp_path / "data", console=Console(quiet=True))


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configured deployment around the demonstration: in the environment, and in the `.env` of the working folder."""
    folder = tmp_path / "deployment"
    folder.mkdir()
    stores = {
        "REFIT_CONTROL_URL": f"sqlite:///{folder}/control.db",
        "REFIT_TELEMETRY_URL": f"sqlite:///{folder}/telemetry.db",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
    }
    for name, value in {**stores, **DEPLOYMENT}.items():
        monkeypatch.setenv(name, value)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in stores.items()))
    monkeypatch.chdir(folder)
    return folder


def test_no_setting_of_the_deployment_reaches_the_processes_of_a_demonstration(stage: Stage, deployment: Path) -> None:
    assert [name for name, value in stage.environment.items() if "of-the-deployment" in value] == []
    named = [value for name, value in stage.environment.items() if name.endswith(("_URL", "_URI"))]
    assert len(named) == 3
    assert all(str(stage.home) in value for value in named)


def test_a_command_of_a_demonstration_opens_the_stores_of_its_own(stage: Stage, deployment: Path) -> None:
    stage.empty()
    stage.query("pipeline", "status", "sms_spam")
    assert [path.name for path in deployment.iterdir()] == [".env"]
    assert (stage.home / "control.db").exists()


def test_a_folder_that_no_demonstration_made_is_not_emptied(stage: Stage) -> None:
    stage.home.mkdir()
    (stage.home / "thesis.tex").write_text("years of work")
    with pytest.raises(NotEmptyError, match="--home"):
        stage.empty()
    assert (stage.home / "thesis.tex").exists()


def test_its_own_folder_is_emptied_when_it_plays_again(stage: Stage, tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    (prepared / "control.db").touch()
    stage.empty(prepared)
    assert (stage.home / "control.db").exists()
    stage.empty()
    assert not (stage.home / "control.db").exists()
