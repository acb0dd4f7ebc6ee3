"""The small programs of the images: secrets from files, the health check, the bill of materials."""

import json
import os
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

BIN = Path(__file__).parents[2] / "bin"


def run(*command: object, **variables: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = os.environ | variables
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)


def seen(folder: Path, name: str, **variables: str) -> str:
    """What a program that is started with the secrets of `folder` finds in a variable."""
    script = f'printf %s "${{{name}-unset}}"'
    done = run(BIN / "with-secrets", "sh", "-c", script, REFIT_SECRETS_DIR=str(folder), **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_sets_the_variable_of_its_name_whatever_it_holds(tmp_path):
    (tmp_path / "A_SECRET").write_text("$(id) \"quoted\" 'and' `more` \\ end\n")
    assert seen(tmp_path, "A_SECRET") == "$(id) \"quoted\" 'and' `more` \\ end"


def test_a_variable_that_is_set_stays_and_an_empty_file_sets_none(tmp_path):
    (tmp_path / "GIVEN").write_text("from the file")
    (tmp_path / "EMPTY").write_text("\n")
    assert seen(tmp_path, "GIVEN", GIVEN="by hand") == "by hand"
    assert seen(tmp_path, "EMPTY") == "unset"


def test_files_of_other_names_are_left_alone_and_no_folder_is_no_secret(tmp_path):
    (tmp_path / "service.token").write_text("not ours")
    (tmp_path / "X;id").write_text("not ours")
    (tmp_path / "KUBERNETES").mkdir()
    assert seen(tmp_path, "PWD") == os.getcwd()
    assert seen(tmp_path / "none", "ANY_SECRET") == "unset"


def test_the_program_takes_the_place_of_the_script_and_its_exit_code_is_the_scripts(tmp_path):
    assert run(BIN / "with-secrets", "sh", "-c", "exit 7", REFIT_SECRETS_DIR=str(tmp_path)).returncode == 7


def test_secrets_are_drawn_once_or_taken_from_the_environment_and_never_printed(tmp_path):
    folder = tmp_path / "secrets"
    first = run(BIN / "secrets", folder, POSTGRES_PASSWORD="of-my-own")
    kept = {path.name: path.read_text().strip() for path in folder.iterdir()}
    assert kept["POSTGRES_PASSWORD"] == "of-my-own"
    assert len(set(kept.values())) == len(kept) == 5
    assert all(len(value) == 64 for name, value in kept.items() if name != "POSTGRES_PASSWORD")
    assert not any(value in first.stdout + first.stderr for value in kept.values())
    assert folder.stat().st_mode & 0o777 == 0o700
    run(BIN / "secrets", folder, POSTGRES_PASSWORD="another")
    assert {path.name: path.read_text().strip() for path in folder.iterdir()} == kept


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (404, False), (503, False)])
def test_healthy_means_that_200_is_answered(status, healthy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever)
    thread.start()
    # A proxy that the platform sets for the world outside is not asked for the container's own port.
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")
    try:
        done = run(BIN / "healthy", f"http://127.0.0.1:{server.server_port}/{status}", **proxies)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (done.returncode == 0) is healthy
    gone = run(BIN / "healthy", f"http://127.0.0.1:{server.server_port}/200")
    assert gone.returncode == 1
    assert "refused" in gone.stderr


def test_the_bill_of_materials_follows_its_schema_and_names_every_pinned_package():
    done = run(BIN / "sbom")
    assert done.returncode == 0, done.stderr
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(done.stdout) is None
    listed = {part["name"].lower() for part in json.loads(done.stdout)["components"]}
    pins = (BIN.parent / "requirements.lock").read_text().splitlines()
    assert listed == {pin.partition("==")[0] for pin in pins}
