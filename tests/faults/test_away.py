"""Slack, MLflow, the LLM or the service is away: decisions are made, and what had to wait is made up for."""

from pathlib import Path

import httpx
import pytest

from agent.record.codec import decision_of
from agent.record.ledger import EntryKind
from launch.ports import free_port
from pipeline.store.open import Store
from tests.agent.openai_stub import Reply, Stub
from tests.faults.cables import Cable
from tests.faults.deployment import Deployment, Kept, until
from tests.faults.flowers import MODEL
from tests.faults.invariants import Seen, undelivered, violations
from tests.faults.kills import settle
from tests.faults.watching import drifting, events, promoted_again, said

pytestmark = pytest.mark.faults


def test_slack_away_delays_no_decision_and_every_notice_comes_once_it_is_back(home: Path, store: Store):
    with Deployment(home) as deployment:
        slack = deployment.slack
        assert slack is not None
        slack.stop()
        with drifting(deployment, store) as client:
            promoted_again(deployment, store)
            until(lambda: undelivered(store) > 0, "nothing waits for Slack")
            slack.start()
            promoted_again(deployment, store)
        settle(deployment, store)
        assert violations(store, MODEL, client.told, Seen()) == []
        assert slack.saying("promoted")
        assert len(slack.keys()) == len(set(slack.keys()))


def test_without_mlflow_a_training_fails_and_says_so_and_the_next_one_succeeds_once_it_is_back(
    home: Path, store: Store
):
    port = free_port()
    environment = {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    words = ["mlflow", "server", "--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--port", str(port)]
    words += ["--artifacts-destination", (home / "served-artifacts").as_uri(), "--workers", "1"]
    server = Kept("mlflow", words, port, "/health", environment)
    with Deployment(home, environment, slack=False) as deployment:
        with drifting(deployment, store) as client:
            until(lambda: events(store, EntryKind.EFFECT_FAILED), lambda: f"No failure: {said(deployment)}")
            failed = events(store, EntryKind.EFFECT_FAILED)[0]
            assert failed.body["action"] == "retrain"
            try:
                server.start()
                server.wait_until_ready()
                promoted_again(deployment, store)
            finally:
                server.stop()
        settle(deployment, store)
        assert violations(store, MODEL, client.told, Seen()) == []


@pytest.mark.parametrize("away", ["refuses", "hangs"])
def test_without_the_llm_the_rules_decide_and_the_record_says_why(home: Path, store: Store, away: str):
    with Stub([Reply(body=b"", slow=True)]) as stub:
        address = stub.url if away == "hangs" else f"http://127.0.0.1:{free_port()}/v1"
        environment = {
            "REFIT_AGENT_LLM_ENABLED": "true",
            "REFIT_AGENT_BASE_URL": address,
            "REFIT_AGENT_LLM_MAX_RETRIES": "0",
            "REFIT_AGENT_LLM_CALL_TIMEOUT_SECONDS": "1",
        }
        with Deployment(home, environment, slack=False) as deployment:
            with drifting(deployment, store) as client:
                promoted_again(deployment, store)
            settle(deployment, store)
            assert violations(store, MODEL, client.told, Seen()) == []
    codes = {decision_of(entry).deliberation.reason_code for entry in events(store, EntryKind.DECISION)}
    assert codes == {"llm_timeout" if away == "hangs" else "llm_unavailable"}


@pytest.mark.parametrize("state", [Cable.State.CUT, Cable.State.SILENT])
def test_an_agent_that_cannot_reach_the_service_says_so_and_decides_and_promotes_all_the_same(
    home: Path, store: Store, state: Cable.State
):
    def reached(deployment: Deployment) -> bool:
        shown = httpx.get(f"{deployment.agent.url}/models/{MODEL}", timeout=60).json()
        return shown["served"] is not None

    with Cable(("127.0.0.1", 0)) as cable:
        network = {"REFIT_AGENT_SERVING_URL": f"http://127.0.0.1:{cable.port}"}
        deployment = Deployment(home, network, slack=False)
        cable.target = ("127.0.0.1", deployment.serving.port)
        with deployment:
            with drifting(deployment, store) as client:
                until(lambda: reached(deployment), lambda: f"The service is not reached: {said(deployment)}")
                cable.state = state
                until(lambda: not reached(deployment), "the cable is whole")
                promoted_again(deployment, store)
                cable.state = Cable.State.WHOLE
                until(lambda: reached(deployment), lambda: f"The service is not reached: {said(deployment)}")
            settle(deployment, store)
        assert violations(store, MODEL, client.told, Seen()) == []
        assert [process.ends for process in deployment.processes] == [[], []]
