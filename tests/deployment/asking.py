"""What is asked of the containers from outside: answers, and that something happens in time."""

import io
import socket
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx

from pipeline.settings import PipelineSettings
from tests import waiting
from tests.deployment.podman import Project

PATIENCE_SECONDS = 600.0
Found = TypeVar("Found")


def until(holds: Callable[[], Found | None]) -> Found | None:
    """What `holds` returns, as soon as it is anything; a connection refused is nothing yet."""

    def held() -> Found | None:
        with suppress(httpx.HTTPError):
            return holds()
        return None

    return waiting.until(held, "what the containers were asked for", PATIENCE_SECONDS, pause_seconds=0.2)


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def lives(project: Project) -> bool:
    return httpx.get(f"{project.serving}/health/live", timeout=5).status_code == httpx.codes.OK


def predicted(project: Project) -> dict[str, Any] | None:
    """An answer to a message, or None while there is no champion."""
    answer = httpx.post(
        f"{project.serving}/predict", json={"message": "Congratulations, you won! Call 0900"}, timeout=5
    )
    return dict(answer.json()) if answer.status_code == httpx.codes.OK else None


def first_version(project: Project, model: str) -> None:
    """Give the agent the raw data as fetched, as docs/deployment.md says, and let it train and promote."""
    settings = PipelineSettings()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(Path(settings.data_dir) / model, arcname=f"data/{model}")
    project.inside("agent", "tar", "--extract", "--no-same-owner", "--directory=/data", stdin=archive.getvalue())
    project.inside("agent", "with-secrets", "python", "-m", "pipeline", "train", model, "--promote", "--who", "test")
