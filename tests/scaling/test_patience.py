"""A start on a loaded cluster: Ray gives up a proxy that was too slow, and the deployment waits for the next one."""

from collections.abc import Iterator

import pytest

from pipeline.errors import BackendError

pytest.importorskip("ray", reason="Ray is not installed; install it: pip install -r requirements-ray.txt")

from ray import serve
from ray.exceptions import ActorDiedError
from ray.serve.schema import ApplicationStatus, ApplicationStatusOverview, ProxyStatus, ServeStatus

from scaling import deployment
from scaling.deployment import NAME, answers, patiently, proxies_are_up

pytestmark = pytest.mark.ray


@pytest.fixture
def cluster_says(monkeypatch):
    """What the cluster says of itself, look by look; the last one stays."""

    def say(*looks: ServeStatus) -> None:
        coming: Iterator[ServeStatus] = iter([*looks[:-1]])
        monkeypatch.setattr(serve, "status", lambda: next(coming, looks[-1]))
        monkeypatch.setattr(deployment, "POLL_SECONDS", 0)

    return say


def status(*proxies: str, application: str | None = None) -> ServeStatus:
    named = {f"node {number}": ProxyStatus(one) for number, one in enumerate(proxies)}
    deployed = ApplicationStatusOverview(
        status=ApplicationStatus(application or "DEPLOYING"), message="", last_deployed_time_s=0.0, deployments={}
    )
    return ServeStatus(proxies=named, applications={NAME: deployed} if application else {})


def killed() -> None:
    raise ActorDiedError


def too_slow() -> None:
    raise TimeoutError("HTTP proxies not available after 60s.")


@pytest.mark.parametrize("step", [killed, too_slow])
def test_a_proxy_that_was_given_up_is_waited_for_again(step, cluster_says):
    cluster_says(status("STARTING"), status(), status("HEALTHY"), status("UNHEALTHY"))
    patiently(step, proxies_are_up)


def test_replicas_are_waited_for_until_all_of_the_cluster_answers(cluster_says):
    waiting = [status("HEALTHY"), status("HEALTHY", application="DEPLOYING")]
    waiting += [status("HEALTHY", "STARTING", application="RUNNING")]
    for one in waiting:
        assert not answers(one)
    cluster_says(*waiting, status("HEALTHY", "HEALTHY", application="RUNNING"), status())
    patiently(too_slow, answers)


@pytest.mark.parametrize(("proxies", "up"), [([], False), (["DRAINING"], False), (["DRAINING", "HEALTHY"], True)])
def test_a_proxy_that_ends_for_want_of_replicas_is_not_waited_for(proxies, up):
    assert proxies_are_up(status(*proxies)) == up


def test_patience_ends_with_the_state_of_the_cluster(cluster_says):
    cluster_says(status("UNHEALTHY", application="DEPLOY_FAILED"))
    with pytest.raises(BackendError, match=r"not up after 0 s more.*proxies UNHEALTHY, replicas DEPLOY_FAILED"):
        patiently(killed, answers, seconds=0)


def test_any_other_error_is_raised_at_once(cluster_says):
    cluster_says(status("HEALTHY", application="RUNNING"))
    with pytest.raises(RuntimeError, match="of its own"):
        patiently(_fails, answers)


def _fails() -> None:
    raise RuntimeError("an error of its own")
