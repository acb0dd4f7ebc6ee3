"""Addresses that lead to no database, or to the wrong one: a sentence that says what to do, without the password."""

import sys

import pytest
import typer
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy.exc import OperationalError

from launch.ports import free_port
from pipeline.commands.offering import FAILED, run
from pipeline.errors import StoreError
from pipeline.settings import PipelineSettings
from pipeline.store.engine import open_engine
from pipeline.store.open import open_store


def named(settings, **addresses):
    return settings.model_copy(update={name: SecretStr(address) for name, address in addresses.items()})


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:secret@host/name",  # SQLAlchemy's own driver for it is one that is not installed
        "postgres://ann:secret@host/name",
        "mysql://ann:secret@host/name",
        "sqlite+unheard:///secret.db",
        "postgresql+psycopg2://ann:secret@host:many/name",
    ],
)
def test_an_address_without_a_driver_is_answered_with_one_that_has_one(address):
    with pytest.raises(StoreError, match=r"postgresql\+psycopg2://") as caught:
        open_engine(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["telemetry", "control"])
def test_a_server_that_is_away_is_named_by_its_setting(name, tmp_path):
    address = f"postgresql+psycopg2://ann:secret@127.0.0.1:{free_port()}/name"
    settings = named(PipelineSettings(home=tmp_path), **{f"{name}_url": address})
    with pytest.raises(StoreError, match=f"The {name} database .*REFIT_{name.upper()}_URL") as caught:
        open_store(settings)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_named_by_its_setting(tmp_path):
    (tmp_path / "control.db").write_text("no database at all, but longer than the head of one " * 20)
    with pytest.raises(StoreError, match=r"The control database .*SQLITE_NOTADB"):
        open_store(PipelineSettings(home=tmp_path))


def test_one_database_for_both_names_is_refused_with_both_settings(settings):
    address = settings.telemetry_address
    with pytest.raises(StoreError, match="REFIT_TELEMETRY_URL and REFIT_CONTROL_URL to two"):
        open_store(named(settings, telemetry_url=address, control_url=address))


def test_databases_that_are_named_the_wrong_way_round_are_refused_with_both_settings(settings):
    swapped = named(settings, telemetry_url=settings.control_address, control_url=settings.telemetry_address)
    open_store(settings).close()
    with pytest.raises(StoreError, match="REFIT_TELEMETRY_URL and REFIT_CONTROL_URL to two"):
        open_store(swapped)


def test_a_database_that_fails_in_the_middle_of_a_command_ends_it_with_a_sentence(monkeypatch, capsys):
    app = typer.Typer()

    @app.command()
    def read():
        raise OperationalError("SELECT 'a message of somebody'", {}, Exception("away"))

    monkeypatch.setattr(sys, "argv", ["refit"])
    with pytest.raises(SystemExit) as ended:
        run(app, Console(stderr=True))
    said = capsys.readouterr().err
    assert ended.value.code == FAILED
    assert "doctor" in said
    assert "a message of somebody" not in said
