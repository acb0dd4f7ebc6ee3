"""On PostgreSQL: the server crashes, the network between it and the processes breaks or goes silent, agents die."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store
from tests.faults.cables import Cable
from tests.faults.deployment import Deployment, copied, first_version, until
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import settle
from tests.faults.watching import answered_again, drifting, looking, looking_pid, promoted_again, said
from tests.postgresql import KEEPING, PostgresServer, running_server

pytestmark = [pytest.mark.faults, pytest.mark.postgresql]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_server(KEEPING) as running:
        yield running


@pytest.fixture(scope="module")
def trained(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> PipelineSettings:
    """A home and a pair of databases with the first version, to be copied."""
    settings = server.fresh_pair(tmp_path_factory.mktemp("trained") / "home")
    first_version(settings.home, addresses(settings))
    return settings


def addresses(settings: PipelineSettings) -> dict[str, str]:
    return {"REFIT_TELEMETRY_URL": settings.telemetry_address, "REFIT_CONTROL_URL": settings.control_address}


@contextmanager
def deployed(
    server: PostgresServer,
    trained: PipelineSettings,
    home: Path,
    *,
    agents: int = 1,
    cable: Cable | None = None,
    **more: str,
) -> Iterator[tuple[Deployment, Store]]:
    """A deployment on PostgreSQL, and the store as it is at the server, whatever becomes of the cable."""
    direct = addresses(server.copy_of(trained, copied(trained.home, home)))
    environment = (_through(cable, direct) if cable else direct) | more
    with Deployment(home, environment, agents=agents, slack=False) as deployment, ExitStack() as stack:
        store = deployment.open_store(direct)
        stack.callback(store.close)
        yield deployment, store


def _through(cable: Cable, direct: dict[str, str]) -> dict[str, str]:
    return {name: url.split("?")[0].replace("@/", f"@127.0.0.1:{cable.port}/") for name, url in direct.items()}


def test_a_server_that_crashes_again_and_again_loses_nothing_and_repeats_nothing(
    server: PostgresServer, trained: PipelineSettings, tmp_path: Path
):
    seen = Seen()
    with deployed(server, trained, tmp_path / "home", agents=2) as (deployment, store):
        with drifting(deployment, store) as client:
            for _ in range(3):
                seen.look(store, MODEL)
                server.restart()
                store.control.dispose()
                store.telemetry.dispose()
                answered_again(client, deployment)
            promoted_again(deployment, store)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
        assert [process.ends for process in deployment.processes] == [[], [], []]


@pytest.mark.parametrize("state", [Cable.State.CUT, Cable.State.SILENT])
def test_a_network_that_fails_refuses_durable_answers_and_when_it_is_back_nothing_is_missing(
    server: PostgresServer, trained: PipelineSettings, tmp_path: Path, state: Cable.State
):
    socket = str(server.socket_dir / ".s.PGSQL.5432")
    with (
        Cable(socket) as cable,
        deployed(server, trained, tmp_path / "home", cable=cable, REFIT_SERVING_DURABLE_WAIT_SECONDS="1") as (
            deployment,
            store,
        ),
    ):
        with drifting(deployment, store) as client:
            answered_again(client, deployment)
            cable.state = state
            until(lambda: client.told.refused > 0, lambda: f"Nothing was refused: {said(deployment)}")
            cable.state = Cable.State.WHOLE
            promoted_again(deployment, store)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, Seen()) == []


def test_when_the_looking_agent_dies_the_other_one_looks_and_nothing_is_done_twice(
    server: PostgresServer, trained: PipelineSettings, tmp_path: Path
):
    with deployed(server, trained, tmp_path / "home", agents=2) as (deployment, store):
        seen = Seen()
        with drifting(deployment, store) as client:
            for _ in range(2):
                seen.look(store, MODEL)
                agent = until(lambda: looking(deployment, store), "nobody looks")
                pid = agent.pid
                agent.kill()
                until(lambda pid=pid: pid != looking_pid(store), "nobody takes over from the dead agent")
                promoted_again(deployment, store)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
