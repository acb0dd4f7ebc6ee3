"""The prediction service as a Ray Serve deployment: the same application, in replicas that come and go with the load.

Each replica is a whole service: it follows the champion pointer by itself and holds its own slots.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.exceptions import RayActorError
from ray.serve.schema import ApplicationStatus, ProxyStatus, ServeStatus

from pipeline.errors import BackendError
from serving.app import create_app
from serving.settings import ServingSettings

NAME = "refit"
POLL_SECONDS = 0.5
# Beyond what Ray waits itself; a loaded machine needs several starts of a proxy.
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """Between `least` and `most`, so that each has about `requests` under way; so many requests one takes at most.

    Their number follows after the load has been another one for so many seconds.
    """

    least: int = 1
    most: int = 4
    requests: float = 8.0
    most_requests: int = 1_000
    cpus: float = 1.0
    upscale_delay_seconds: float = 30.0
    downscale_delay_seconds: float = 600.0


def application(settings: ServingSettings, replicas: Replicas) -> Any:
    """The deployment, bound; the application is made in each replica, nothing of it is sent there."""

    def build() -> FastAPI:
        return create_app(settings)

    deployment = serve.deployment(
        name=NAME,
        max_ongoing_requests=replicas.most_requests,
        ray_actor_options={"num_cpus": replicas.cpus},
        autoscaling_config={
            "min_replicas": replicas.least,
            "max_replicas": replicas.most,
            "target_ongoing_requests": replicas.requests,
            "upscale_delay_s": replicas.upscale_delay_seconds,
            "downscale_delay_s": replicas.downscale_delay_seconds,
        },
        graceful_shutdown_timeout_s=settings.drain_seconds + 5,
    )(serve.ingress(build)())
    return deployment.bind()


def deploy(settings: ServingSettings, replicas: Replicas, host: str, port: int) -> None:
    """Put it onto the connected cluster and return when it answers.

    Raises BackendError when it does not in minutes.
    """
    patiently(partial(serve.start, http_options={"host": host, "port": port}), proxies_are_up)
    patiently(partial(serve.run, application(settings, replicas), name=NAME, route_prefix="/"), answers)


def patiently(step: Callable[[], Any], done: Callable[[ServeStatus], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Take a step of Ray Serve and wait for what it is for. Raises BackendError.

    Ray ends an HTTP proxy that is not ready within some seconds and starts another one, with more time. A step that
    waits for the first one ends with an error then; what it asked the cluster for comes about nevertheless.
    """
    with suppress(RayActorError, TimeoutError):
        step()
    deadline = time.monotonic() + seconds
    while not done(serve.status()):
        if time.monotonic() > deadline:
            raise BackendError(f"Ray Serve is not up after {seconds:g} s more. Its state: {_in_words(serve.status())}.")
        time.sleep(POLL_SECONDS)


def proxies_are_up(status: ServeStatus) -> bool:
    """A proxy of a node that has no replica any more may end in its own time."""
    states = set(status.proxies.values()) - {ProxyStatus.DRAINING, ProxyStatus.DRAINED}
    return states == {ProxyStatus.HEALTHY}


def answers(status: ServeStatus) -> bool:
    deployed = status.applications.get(NAME)
    return proxies_are_up(status) and deployed is not None and deployed.status is ApplicationStatus.RUNNING


def _in_words(status: ServeStatus) -> str:
    proxies = ", ".join(one.value for one in status.proxies.values()) or "none"
    deployed = status.applications.get(NAME)
    return f"proxies {proxies}, replicas {deployed.status.value if deployed else 'not asked for'}"
