"""A headless Chromium for tests that look at pages as a reader sees them.

Tests that need it carry the mark `chromium`. Where it is not installed they skip and say so; with
REFIT_TEST_REQUIRE=chromium, as in CI, they fail instead.
"""

from benchmarks.dashboard_system import chromium
from tests.required import skip_or_fail


def program() -> str:
    """Where the browser is."""
    found = chromium()
    if found is None:
        skip_or_fail("chromium", "There is no Chromium; on Debian: apt-get install chromium")
    return found
