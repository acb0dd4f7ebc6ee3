"""The wall clock is put forward and back under running processes (libfaketime): work goes on, nothing is done twice.

Without libfaketime (Debian: faketime) this skips and says so; with REFIT_TEST_REQUIRE=faketime, as in CI, it fails.
"""

from pathlib import Path

import pytest

from pipeline.store.open import Store
from tests.faults.deployment import Deployment
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import settle
from tests.faults.watching import drifting, promoted_again
from tests.required import skip_or_fail

pytestmark = pytest.mark.faults


def libfaketime() -> Path:
    found = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if found is None:
        skip_or_fail("faketime", "libfaketime is not installed; on Debian: apt-get install faketime")
    return found


def test_a_clock_that_jumps_forward_and_back_stops_nothing_and_repeats_nothing(
    home: Path, store: Store, tmp_path: Path
):
    hands, seen = tmp_path / "clock", Seen()
    hands.write_text("+0")
    environment = {
        "LD_PRELOAD": str(libfaketime()),
        "FAKETIME_TIMESTAMP_FILE": str(hands),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with Deployment(home, environment) as deployment:
        with drifting(deployment, store) as client:
            promoted_again(deployment, store)
            for offset in ("+40h", "-30h", "+0"):
                seen.look(store, MODEL)
                hands.write_text(offset)
                promoted_again(deployment, store)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
        assert [process.ends for process in deployment.processes] == [[], []]
