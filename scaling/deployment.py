"""The prediction service as a Ray Serve deployment: the same application, in replicas that come and go with the load.

Each replica is a whole service: it follows the champion pointer by itself and holds its own slots.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from ray import serve

from serving.app import create_app
from serving.settings import ServingSettings

NAME = "refit"


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
    """Put it onto the connected cluster and return when it answers."""
    serve.start(http_options={"host": host, "port": port})
    serve.run(application(settings, replicas), name=NAME, route_prefix="/")
