"""The wall clock is put forward and back under running processes: work goes on, nothing is done twice.

libfaketime breaks Python's sleep, so a few lines of C stand between the processes and the system's clock; they need a C
compiler. Without one this skips and says so; with REFIT_TEST_REQUIRE=cc, as in CI, it fails.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.files import write_whole
from pipeline.store.open import Store
from tests.faults.deployment import Deployment
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import settle
from tests.faults.watching import answered_again, drifting, looked_again, promoted_again
from tests.required import skip_or_fail

pytestmark = pytest.mark.faults

SOURCE = Path(__file__).with_name("wall_clock.c")
HOURS = 3_600


@pytest.fixture(scope="module")
def wall_clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        skip_or_fail("cc", "there is no C compiler; on Debian: apt-get install gcc libc6-dev")
    library = tmp_path_factory.mktemp("clock") / "wall_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True)
    return library


def test_a_clock_that_jumps_forward_and_back_stops_nothing_and_repeats_nothing(
    home: Path, store: Store, tmp_path: Path, wall_clock: Path
):
    hands, seen = tmp_path / "clock", Seen()

    def put(hours: int) -> None:
        write_whole(hands, str(hours * HOURS))

    put(0)
    with Deployment(home, {"LD_PRELOAD": str(wall_clock), "FAULTY_CLOCK": str(hands)}) as deployment:
        with drifting(deployment, store) as client:
            looked_again(deployment, store)
            seen.look(store, MODEL)
            put(40)
            promoted_again(deployment, store)
            for hours in (-30, 0):
                seen.look(store, MODEL)
                put(hours)
                looked_again(deployment, store)
                answered_again(client, deployment)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
        assert [process.ends for process in deployment.processes] == [[], []]
