"""Two hosts: the control plane with the artefacts on one, a serving replica with an empty home on the other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pipeline.served.artifact import artifact_path
from tests.serving.running import ROOT, ServerProcess
from tests.serving.world import MODEL, World
from tests.waiting import until

OPERATOR, VIEWER = "the-operators-long-token", "the-viewers-long-token"


@contextmanager
def control_plane(world: World) -> Iterator[str]:
    home = world.settings.root
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REFIT_", "OPENAI_"))}
    tokens = {"REFIT_AGENT_API_TOKEN": OPERATOR, "REFIT_AGENT_API_READ_TOKEN": VIEWER}
    port_file, log = home / "agent-port", home / "agent.log"
    port_file.unlink(missing_ok=True)
    with log.open("ab") as writing:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", "serve", "--port", "0", "--port-file", str(port_file)],
            cwd=ROOT,
            env={**kept, "REFIT_HOME": str(home), **tokens},
            stdout=writing,
            stderr=writing,
        )
    try:
        until(lambda: port_file.exists() or process.poll() is not None, log.read_text)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"
    finally:
        process.terminate()
        process.wait(60)


def apart(world: World, url: str) -> dict[str, str]:
    """What a replica on another host is told: the store, and where artefacts are handed out."""
    return {
        "REFIT_CONTROL_URL": world.settings.control_address,
        "REFIT_TELEMETRY_URL": world.settings.telemetry_address,
        "REFIT_SERVING_ARTIFACTS_URL": url,
        "REFIT_SERVING_ARTIFACTS_TOKEN": VIEWER,
    }


@pytest.fixture
def trained(world: World) -> World:
    for version in (1, 2):
        world.add_version(version)
    world.promote(1)
    return world


def test_a_replica_with_an_empty_home_serves_what_it_fetches_and_keeps_it(trained: World, tmp_path: Path) -> None:
    home = tmp_path / "other_host"
    home.mkdir()
    with control_plane(trained) as url:
        with ServerProcess(home, **apart(trained, url)) as replica:
            until(lambda: replica.client.get("/health/ready").status_code == 200, replica.log.read_text)
            assert replica.predict("win a prize")["model_version"] == "v1"
            trained.promote(2)
            until(lambda: replica.predict("win")["model_version"] == "v2", replica.log.read_text)
            replica.stop()
        assert not (home / "artifacts").exists()
    with ServerProcess(home, **apart(trained, url)) as replica:  # the control plane is away now
        assert replica.predict("win a prize")["model_version"] == "v2"
        replica.stop()
    assert len(list((home / "serving" / MODEL).glob("*.safetensors"))) == 2


def test_an_altered_artefact_is_never_served_and_a_restored_one_is(trained: World, tmp_path: Path) -> None:
    home = tmp_path / "other_host"
    home.mkdir()
    file = next((trained.settings.artifact_dir / MODEL).glob("*.safetensors"))
    sha256 = trained.add_version(3, weights=(1.0, -1.0, -1.0, 1.0, 1.0, 1.0))
    file = artifact_path(trained.settings.artifact_dir, MODEL, sha256)
    good = file.read_bytes()
    file.write_bytes(good[:-1] + b"?")
    with control_plane(trained) as url, ServerProcess(home, **apart(trained, url)) as replica:
        until(lambda: replica.client.get("/health/ready").status_code == 200, replica.log.read_text)
        trained.promote(3)
        problems = lambda: replica.client.get("/health").json()["models"][MODEL]["problems"]  # noqa: E731
        until(lambda: any("other bytes" in one["message"] for one in problems()), replica.log.read_text)
        assert replica.predict("win")["model_version"] == "v1"
        file.write_bytes(good)
        until(lambda: replica.predict("win")["model_version"] == "v3", replica.log.read_text)
        assert not problems()
        replica.stop()


def test_artefacts_are_handed_out_to_who_may_read_and_by_the_digest_of_a_version_alone(trained: World) -> None:
    paths = sorted((trained.settings.artifact_dir / MODEL).glob("*.safetensors"))
    stray = artifact_path(trained.settings.artifact_dir, MODEL, "a" * 64)
    stray.write_bytes(b"registered by nobody")
    with control_plane(trained) as url, httpx.Client(base_url=url, timeout=60) as client:
        place = f"/models/{MODEL}/artifacts"
        assert client.get(f"{place}/{paths[0].stem}").status_code == 401
        client.headers["authorization"] = f"Bearer {VIEWER}"
        for path in paths:
            answer = client.get(f"{place}/{path.stem}")
            assert (answer.status_code, answer.content) == (200, path.read_bytes())
        unknown = ["b" * 64, stray.stem]
        assert [client.get(f"{place}/{digest}").status_code for digest in unknown] == [404, 404]
        assert client.get(f"{place}/..%2F..%2Fcontrol.db").status_code in (404, 422)
        paths[0].unlink()
        missing = client.get(f"{place}/{paths[0].stem}")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "artifact_missing")
