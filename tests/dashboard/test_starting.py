"""`python -m dashboard`: where it listens, and where it refuses to."""

import pytest

from dashboard.__main__ import free_port, is_local, require_a_safe_address
from dashboard.errors import DashboardSetupError


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
