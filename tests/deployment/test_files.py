"""Compose file, Dockerfiles and workflows against their schemas and linters, and against each other."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.alerts.settings import AlertSettings

CHECKOUT = Path(__file__).parents[2]
WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
PROGRAMS = Path(sys.executable).parent


def lint(*command: object) -> None:
    done = subprocess.run([PROGRAMS / str(command[0]), *map(str, command[1:])], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_follows_its_specification():
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", CHECKOUT / "docker-compose.yml")


@pytest.mark.parametrize("path", ["Dockerfile", "tests/deployment/images/Dockerfile"])
def test_hadolint_finds_no_fault_in_a_dockerfile(path):
    lint("hadolint", CHECKOUT / path)


def test_there_is_a_workflow_for_the_code_and_one_for_the_models():
    assert {path.stem for path in WORKFLOWS} >= {"code", "models"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_follows_the_schema_of_github_actions_and_zizmor_finds_it_safe(path):
    lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path)
    lint("zizmor", "--offline", "--no-progress", path)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_uses_the_verbs_of_the_makefile(path):
    """A step that calls make calls something that is there."""
    verbs = set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text(), flags=re.MULTILINE))
    called = set(re.findall(r"(?:^|\s)make ([a-z][a-z-]+)", path.read_text()))
    assert called
    assert called <= verbs


def test_base_images_are_pinned_by_tag_and_digest_and_the_same_everywhere():
    pinned = r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}"
    (base,) = re.findall(rf"^ARG PYTHON_IMAGE=({pinned})$", DOCKERFILE, flags=re.MULTILINE)
    assert f"PYTHON_IMAGE: ${{PYTHON_IMAGE:-{base}}}" in (CHECKOUT / "docker-compose.yml").read_text()
    # The server and the programs that back it up are of one version.
    (server,) = re.findall(rf"^ARG POSTGRES_IMAGE=({pinned})$", DOCKERFILE, flags=re.MULTILINE)
    assert COMPOSE["services"]["postgres"]["image"] == f"${{POSTGRES_IMAGE:-{server}}}"
    assert COMPOSE["x-base"]["POSTGRES_IMAGE"] == f"${{POSTGRES_IMAGE:-{server}}}"


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_a_service_has_a_read_only_root_and_gains_no_privileges(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert name == "postgres" or service["cap_drop"] == ["ALL"]


def test_every_service_has_a_health_check_of_its_own_or_of_its_image():
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, flags=re.MULTILINE | re.DOTALL))
    for name, service in COMPOSE["services"].items():
        assert "healthcheck" in service or "HEALTHCHECK" in stages[service["build"]["target"]], name


def test_ports_are_published_to_this_machine_only_and_the_stores_have_none():
    published = {name: service.get("ports", []) for name, service in COMPOSE["services"].items()}
    assert {name for name, ports in published.items() if ports} == {"serving", "agent", "dashboard"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert COMPOSE["networks"]["stores"] == {"internal": True}


def test_data_plane_and_control_plane_are_networks_apart():
    networks = {name: set(service["networks"]) for name, service in COMPOSE["services"].items()}
    assert [name for name in networks if "data-plane" in networks[name]] == ["serving"]
    assert [name for name in networks if "control-plane" in networks[name]] == ["agent", "dashboard"]
    assert networks["dashboard"] == {"control-plane"}


def test_every_setting_of_the_channels_reaches_the_agent():
    aliases = [field.validation_alias for field in AlertSettings.model_fields.values()]
    named = {alias for alias in aliases if isinstance(alias, str)}
    assert "SMTP_PORT" in named
    assert named <= COMPOSE["services"]["agent"]["environment"].keys()


def test_secrets_come_from_the_files_that_the_script_writes(tmp_path):
    subprocess.run([CHECKOUT / "bin/secrets", tmp_path], check=True, capture_output=True)
    written = {path.name for path in tmp_path.iterdir()}
    for secret in COMPOSE["secrets"].values():
        assert re.sub(r"\$\{\w+:-(\w+)\}$", r"\1", secret["file"]).rpartition("/")[2] in written
