"""The disk becomes read-only while service and agent run, and writable again: nothing that was told is lost.

A remount is refused as long as a file is open for writing, and the databases always are; a kernel that finds a disk
failing does not ask. A few lines of C stand between the processes and the disk instead, and need a C compiler. Without
one this skips and says so; with REFIT_TEST_REQUIRE=cc, as in CI, it fails.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.record.ledger import EntryKind
from pipeline.store.open import Store
from tests.faults.deployment import Deployment, until
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import settle
from tests.faults.watching import (
    answered_again,
    counted,
    drifting,
    events,
    everything_is_written,
    health,
    looked_again,
    promoted_again,
    said,
)
from tests.required import skip_or_fail

pytestmark = pytest.mark.faults

SOURCE = Path(__file__).with_name("read_only.c")
BATCHED = {"REFIT_SERVING_LOG_MODE": "batched"}
IMPATIENT = {"REFIT_SERVING_DURABLE_WAIT_SECONDS": "1"}


class Disk:
    """The disk of a home, as the processes see it that were started with `environment`."""

    def __init__(self, library: Path, home: Path):
        self._flag = home.with_name(f"{home.name}.read-only")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAULTY_DISK": str(home),
            "FAULTY_DISK_READ_ONLY": str(self._flag),
        }

    @contextmanager
    def read_only(self) -> Iterator[None]:
        self._flag.touch()
        try:
            yield
        finally:
            self._flag.unlink()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        skip_or_fail("cc", "there is no C compiler; on Debian: apt-get install gcc libc6-dev")
    made = tmp_path_factory.mktemp("disk") / "read_only.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(SOURCE)], check=True)
    return made


@pytest.fixture
def disk(library: Path, home: Path) -> Disk:
    return Disk(library, home)


def test_a_service_whose_disk_becomes_read_only_answers_says_so_and_writes_all_of_it_later(
    home: Path, store: Store, disk: Disk
):
    with Deployment(home, disk.environment | BATCHED, agents=0, slack=False) as deployment:
        with drifting(deployment, store) as client:
            answered_again(client, deployment)
            with disk.read_only():
                until(lambda: counted(deployment.serving, "refit_log_failures_total") > 0, "the disk is not read-only")
                answered_again(client, deployment)
                # Labels are acknowledged when they are stored, and not before.
                until(lambda: client.told.refused > 0, "no label was refused")
                assert health(deployment.serving)["ready"] is True
                assert health(deployment.serving)["status"] == "degraded"
            labels = len(client.told.labels)
            until(lambda: len(client.told.labels) > labels, lambda: f"No labels: {said(deployment)}")
        everything_is_written(deployment.serving)
        assert violations(store, MODEL, client.told, Seen()) == []
        assert deployment.serving.ends == []


def test_a_durable_service_whose_disk_becomes_read_only_refuses_rather_than_loses(home: Path, store: Store, disk: Disk):
    with Deployment(home, disk.environment | IMPATIENT, agents=0, slack=False) as deployment:
        with drifting(deployment, store) as client:
            answered_again(client, deployment)
            with disk.read_only():
                until(lambda: client.told.refused > 0, "nothing was refused")
            answered_again(client, deployment)
        assert violations(store, MODEL, client.told, Seen()) == []
        assert deployment.serving.ends == []


def test_an_agent_whose_disk_becomes_read_only_decides_nothing_says_so_and_goes_on_later(
    home: Path, store: Store, disk: Disk
):
    seen = Seen()
    with Deployment(home, disk.environment | BATCHED) as deployment:
        with drifting(deployment, store) as client:
            looked_again(deployment, store)
            seen.look(store, MODEL)
            with disk.read_only():
                answered_again(client, deployment)
                until(lambda: "OperationalError" in deployment.agent.said(), "the agent does not say what it cannot do")
                decided = len(events(store, EntryKind.DECISION))
                answered_again(client, deployment)
                assert len(events(store, EntryKind.DECISION)) == decided
            promoted_again(deployment, store)
        everything_is_written(deployment.serving)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
        assert [process.ends for process in deployment.processes] == [[], []]
