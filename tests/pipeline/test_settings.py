"""Where a deployment keeps what it keeps."""

from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REFIT_HOME", "REFIT_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_fetched_data_lies_below_the_home():
    assert PipelineSettings(_env_file=None).data_dir == Path("var/data")
    assert PipelineSettings(_env_file=None, home=Path("/srv/refit")).data_dir == Path("/srv/refit/data")


def test_a_home_from_the_environment_takes_the_data_with_it(monkeypatch):
    monkeypatch.setenv("REFIT_HOME", "/srv/refit")
    assert PipelineSettings(_env_file=None).data_dir == Path("/srv/refit/data")


def test_several_homes_can_share_one_folder_of_data(monkeypatch):
    monkeypatch.setenv("REFIT_HOME", "/srv/refit")
    monkeypatch.setenv("REFIT_DATA_DIR", "/srv/shared")
    assert PipelineSettings(_env_file=None).data_dir == Path("/srv/shared")
