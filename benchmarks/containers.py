"""How large the images are, and how long the containers of the compose file take to live, to answer and to come back.

The images are built first, which does not count. It needs podman, runc and podman-compose, as `make test-containers`
does. Run it as `python -m benchmarks.containers`; writes results/containers.json and its part of docs/deployment.md.
"""

import argparse
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx

from benchmarks import containers_docs
from tests.deployment.asking import first_version, free_ports, lives, predicted, until
from tests.deployment.podman import PREFIX, ROLES, Podman, Project, build_images, missing_programs, pinned

RESULTS = Path(__file__).parent / "results" / "containers.json"
MODEL = "sms_spam"
BASE = "PYTHON_IMAGE"


def measure(folder: Path) -> dict[str, Any]:
    podman = Podman(folder)
    project = Project(podman, folder, build_images(podman), free_ports(3))
    about = {"at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    about |= image_sizes(podman)
    try:
        began = perf_counter()
        project.compose("up", "--detach", "--no-build")
        until(lambda: lives(project))
        created = perf_counter() - began
        until(lambda: agent_answers(project))
        agent = perf_counter() - began
        first_version(project, MODEL)
        until(lambda: predicted(project))
        project.compose("stop")
        began = perf_counter()
        project.compose("start")
        until(lambda: predicted(project))
        return about | {
            "created_to_live_seconds": created,
            "created_to_agent_seconds": agent,
            "started_to_answer_seconds": perf_counter() - began,
        }
    finally:
        project.remove()


def agent_answers(project: Project) -> bool:
    """Whether the agent says that all is well with it."""
    head = {"authorization": f"Bearer {project.secret('REFIT_AGENT_API_TOKEN')}"}
    said = httpx.get(f"{project.agent}/health", headers=head, timeout=5)
    return said.status_code == httpx.codes.OK and said.json()["status"] == "ok"


def image_sizes(podman: Podman) -> dict[str, Any]:
    """Bytes of the images of the roles, what they stand on included, and of that base."""
    published = podman.has_image(pinned(BASE))
    names = {role: f"{PREFIX}{role}" for role in ROLES} | {"base": pinned(BASE) if published else f"{PREFIX}base"}
    sizes = {
        role: int(podman.run("podman", "image", "inspect", "--format={{.Size}}", name)) for role, name in names.items()
    }
    return {"published_base": published, "image_bytes": sizes}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    missing = missing_programs()
    if missing:
        raise SystemExit(f"{', '.join(missing)} not installed; on Debian: apt-get install {' '.join(missing)}.")
    with tempfile.TemporaryDirectory() as name:
        result = measure(Path(name))
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    containers_docs.write_page(result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
