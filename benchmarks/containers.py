"""How long the containers of the compose file take: from nothing to a service that lives, and from a stop to answers.

The images are built first, which does not count. It needs podman, runc and podman-compose, as `make test-containers`
does. Run it as `python -m benchmarks.containers`; writes results/containers.json.
"""

import argparse
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.deployment.asking import first_version, free_ports, lives, predicted, until
from tests.deployment.podman import Podman, Project, build_images, missing_programs

RESULTS = Path(__file__).parent / "results" / "containers.json"
MODEL = "sms_spam"


def measure(folder: Path) -> dict[str, Any]:
    podman = Podman(folder)
    project = Project(podman, folder, build_images(podman), free_ports(3))
    about = {"at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    try:
        began = perf_counter()
        project.compose("up", "--detach", "--no-build")
        until(lambda: lives(project))
        created = perf_counter() - began
        first_version(project, MODEL)
        until(lambda: predicted(project))
        project.compose("stop")
        began = perf_counter()
        project.compose("start")
        until(lambda: predicted(project))
        return about | {"created_to_live_seconds": created, "started_to_answer_seconds": perf_counter() - began}
    finally:
        project.remove()


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    missing = missing_programs()
    if missing:
        raise SystemExit(f"{', '.join(missing)} not installed; on Debian: apt-get install {' '.join(missing)}.")
    with tempfile.TemporaryDirectory() as name:
        result = measure(Path(name))
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
