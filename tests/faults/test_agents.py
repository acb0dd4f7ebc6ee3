"""Two agents and their two schedulers over one home; the dashboard dies; a canary is killed between its steps."""

from pathlib import Path

import pytest

from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.faults.client import Client
from tests.faults.deployment import Deployment, Kept, first_version, free_port, until
from tests.faults.flowers import CANARY, MODEL
from tests.faults.invariants import Seen, violations
from tests.faults.kills import settle
from tests.faults.watching import answered_again, drifting, generation, looking, looking_pid, promoted_again, said

pytestmark = pytest.mark.faults


def test_two_agents_decide_each_window_once_and_take_over_from_each_other(home: Path, store: Store):
    seen = Seen()
    with Deployment(home, agents=2) as deployment:
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


def test_the_dashboard_dies_and_comes_back_while_everything_else_goes_on(home: Path, store: Store):
    with Deployment(home, slack=False) as deployment:
        port = free_port()
        environment = {
            "REFIT_DASHBOARD_AGENT_URL": deployment.agent.url,
            "REFIT_DASHBOARD_SERVING_URL": deployment.serving.url,
        }
        dashboard = Kept("dashboard", ["dashboard", "--port", str(port)], port, "/_stcore/health", environment)
        try:
            dashboard.start()
            dashboard.wait_until_ready()
            with Client(deployment.serving, lambda: 0.0) as client:
                answered_again(client, deployment)
                dashboard.kill()
                until(lambda: dashboard.keep() or dashboard.ends, "it does not end")
                dashboard.wait_until_ready()
                answered_again(client, deployment)
        finally:
            dashboard.stop()
        settle(deployment, store)
        assert violations(store, MODEL, client.told, Seen()) == []


def test_a_service_that_is_killed_at_each_step_of_a_canary_promotes_once(tmp_path: Path):
    home, seen = tmp_path / "home", Seen()
    first_version(home, file=CANARY)
    store = open_store(PipelineSettings(_env_file=None, home=home))
    with Deployment(home, slack=False) as deployment:
        with drifting(deployment, store) as client:
            for point in ("rollout:moving", "rollout:moved", "rollout:promoted"):
                seen.look(store, MODEL)
                before = generation(store)
                deployment.arm(point)
                until(lambda: not deployment.fault_file.exists(), lambda: f"Nobody came there: {said(deployment)}")
                deployment.serving.wait_until_ready()
                until(lambda before=before: generation(store) > before, lambda: f"Stuck: {said(deployment)}")
        settle(deployment, store)
        assert violations(store, MODEL, client.told, seen) == []
        assert len(deployment.serving.ends) == 3
    store.close()
