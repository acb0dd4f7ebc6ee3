"""Single steps of `up`: how it starts MLflow's pages, and how it ends when the store is away."""

import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launch.__main__ import app
from launch.ports import PortTakenError
from launch.up import MlflowElsewhereError, Ports, end_jobs, services_of
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store

ANY = Ports(serving=0, agent=0, dashboard=None, mlflow=0)


def settings(home: Path, **given: str) -> PipelineSettings:
    return PipelineSettings(home=home, _env_file=None, **given)


def test_the_address_of_mlflow_s_database_is_in_no_list_of_processes(tmp_path: Path) -> None:
    address = "postgresql://mlflow:secret@127.0.0.1/mlflow"
    mlflow = services_of(settings(tmp_path, mlflow_tracking_uri=address), ANY)[-1]
    assert not any("secret" in word for word in mlflow.words)
    assert mlflow.environment["MLFLOW_BACKEND_STORE_URI"] == address


def test_the_pages_of_an_mlflow_server_elsewhere_are_not_started_a_second_time(tmp_path: Path) -> None:
    elsewhere = settings(tmp_path, mlflow_tracking_uri="http://mlflow.example:5000")
    with pytest.raises(MlflowElsewhereError, match="leave --mlflow out"):
        services_of(elsewhere, ANY)
    assert len(services_of(elsewhere, Ports(serving=0, agent=0, dashboard=None))) == 2


def test_an_end_without_the_store_is_said_in_a_sentence_without_its_password(tmp_path: Path) -> None:
    said: list[str] = []
    end_jobs(settings(tmp_path, control_url="postgresql+psycopg2://refit:secret@127.0.0.1:9/refit"), said.append)
    assert len(said) == 1
    assert "not known" in said[0]
    assert "secret" not in said[0]


def test_a_store_that_opens_and_does_not_answer_is_said_too(tmp_path: Path) -> None:
    found, said = settings(tmp_path), []
    open_store(found).close()
    with sqlite3.connect(tmp_path / "control.db") as connection:
        connection.execute("ALTER TABLE jobs RENAME TO gone")
    end_jobs(found, said.append)
    assert ["not known" in sentence for sentence in said] == [True]


@pytest.fixture
def signals_as_they_were() -> Iterator[None]:
    """`up` takes over what a process does when it is told to end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_as_they_were")
def test_the_ports_are_those_of_the_settings_unless_an_option_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [listening() for _ in range(3)]
    names = ("REFIT_SERVING_PORT", "REFIT_AGENT_API_PORT", "REFIT_DASHBOARD_PORT")
    for name, one in zip(names, taken, strict=True):
        monkeypatch.setenv(name, str(one.getsockname()[1]))
    monkeypatch.setenv("REFIT_HOME", str(tmp_path))
    options = [[], ["--port", "0"], ["--port", "0", "--agent-port", "0"]]
    for place, given in enumerate(options):
        refused = CliRunner().invoke(app, ["up", *given]).exception
        assert isinstance(refused, PortTakenError)
        assert str(taken[place].getsockname()[1]) in str(refused)
    for one in taken:
        one.close()


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))
