"""What is asked of the containers from outside: answers, and that something happens in time."""

import io
import socket
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from pipeline.settings import PipelineSettings
from tests.deployment.podman import Project

PATIENCE_SECONDS = 600.0
Found = TypeVar("Found")


def until(holds: Callable[[], Found | None]) -> Found:
    """What `holds` returns, as soon as it is anything; a connection refused is nothing yet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            found = holds()
        except httpx.HTTPError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"did not happen within {PATIENCE_SECONDS:.0f} s"
        time.sleep(0.2)


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
