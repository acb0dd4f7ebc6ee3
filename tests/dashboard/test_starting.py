"""`python -m dashboard`: where it listens, and where it refuses to."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.control_plane.views.lights import Light
from agent.control_plane.views.sources import ViewSettings
from dashboard.__main__ import free_port, is_local, require_a_safe_address
from dashboard.errors import DashboardSetupError
from dashboard.settings import DashboardSettings
from dashboard.words import LAMPS
from launch.processes import answers
from tests.waiting import until

SECONDS = 120.0
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_this_machine_is_a_safe_place_to_listen(host):
    require_a_safe_address(host, behind_login=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "example.com", "::"])
def test_elsewhere_it_takes_a_login_in_front(host):
    assert not is_local(host)
    with pytest.raises(DashboardSetupError, match="REFIT_DASHBOARD_BEHIND_LOGIN"):
        require_a_safe_address(host, behind_login=False)
    require_a_safe_address(host, behind_login=True)


def test_port_zero_takes_a_free_one():
    assert free_port("127.0.0.1", 8501) == 8501
    assert 1_024 <= free_port("127.0.0.1", 0) <= 65_535


def test_the_page_of_the_documents_names_every_setting():
    page = (ROOT / "docs" / "dashboard.md").read_text()
    names = [f"REFIT_DASHBOARD_{name.upper()}" for name in DashboardSettings.model_fields]
    names += [f"REFIT_VIEWS_{name.upper()}" for name in ViewSettings.model_fields]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_light_of_the_agent_has_a_word_and_a_colour():
    assert set(LAMPS) == {light.value for light in Light}
    assert len({lamp.word for lamp in LAMPS.values()}) == len(LAMPS)


def test_no_usage_is_reported_and_pages_are_not_watched():
    config = (ROOT / ".streamlit" / "config.toml").read_text()
    assert "gatherUsageStats = false" in config


def is_healthy(port_file: Path) -> bool:
    return port_file.exists() and answers(f"http://127.0.0.1:{port_file.read_text().strip()}/_stcore/health")


def test_it_ends_when_asked_to_though_nobody_reads_its_lines_any_more(tmp_path):
    port_file = tmp_path / "port"
    words = [sys.executable, "-m", "dashboard", "--port", "0", "--port-file", str(port_file)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until(lambda: is_healthy(port_file) or process.poll() is not None, "the dashboard")
        assert process.poll() is None
        process.stdout.close()
        process.terminate()
        process.wait(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
