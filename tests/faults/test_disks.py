"""A disk that is full, and one that cannot be written: answers go on, nothing that was answered is lost."""

from pathlib import Path

import pytest

from agent.record.ledger import EntryKind
from tests.faults.deployment import Deployment, copied, until
from tests.faults.disks import disk
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
)

pytestmark = pytest.mark.faults

BATCHED = {"REFIT_SERVING_LOG_MODE": "batched"}
MEGABYTES = 16


def test_a_full_disk_stops_no_answer_and_what_was_answered_is_written_once_there_is_room(
    template: Path, tmp_path: Path
):
    seen = Seen()
    with disk(tmp_path / "disk", MEGABYTES) as small:
        home = copied(template, small.folder / "home")
        with Deployment(home, BATCHED, slack=False) as deployment:
            store = deployment.open_store()
            with drifting(deployment, store) as client:
                looked_again(deployment, store)
                seen.look(store, MODEL)
                small.fill()
                until(lambda: counted(deployment.serving, "refit_log_failures_total") > 0, "the disk is not full")
                answered_again(client, deployment)
                assert health(deployment.serving)["ready"] is True
                small.make_room()
                promoted_again(deployment, store)
            everything_is_written(deployment.serving)
            settle(deployment, store)
            assert violations(store, MODEL, client.told, seen) == []
            assert deployment.serving.ends == []
            store.close()


def test_on_a_full_disk_a_durable_answer_is_refused_rather_than_lost(template: Path, tmp_path: Path):
    seen = Seen()
    with disk(tmp_path / "disk", MEGABYTES) as small:
        home = copied(template, small.folder / "home")
        with Deployment(home, {"REFIT_SERVING_DURABLE_WAIT_SECONDS": "1"}, agents=0, slack=False) as deployment:
            store = deployment.open_store()
            with drifting(deployment, store) as client:
                answered_again(client, deployment)
                small.fill()
                until(lambda: client.told.refused > 0, "nothing was refused")
                small.make_room()
                answered_again(client, deployment)
            assert violations(store, MODEL, client.told, seen) == []
            store.close()


def test_a_service_on_a_read_only_disk_answers_from_its_copy_and_keeps_what_it_answers(template: Path, tmp_path: Path):
    with disk(tmp_path / "disk", MEGABYTES) as small:
        home = copied(template, small.folder / "home")
        with Deployment(home, BATCHED, agents=0, slack=False) as deployment:
            store = deployment.open_store()
            until(lambda: (home / "serving" / MODEL / "pointer.json").exists(), "there is no local copy")
            store.close()
            deployment.serving.stop()
            small.make_read_only()
            deployment.serving.start()
            deployment.serving.wait_until_ready()
            with drifting(deployment, store) as client:
                answered_again(client, deployment)
                assert health(deployment.serving)["status"] == "degraded"
            small.make_writable()
            everything_is_written(deployment.serving)
            store = deployment.open_store()
            assert violations(store, MODEL, client.told, Seen()) == []
            assert events(store, EntryKind.DECISION) == []
            store.close()
