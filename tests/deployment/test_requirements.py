"""The packages of the small images: what a room imports is in its list, and what is listed is pinned."""

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

CHECKOUT = Path(__file__).parents[2]
# Imported where they are installed, and done without elsewhere (requirements-otel.txt, requirements-transformers.txt).
OPTIONAL = {"opentelemetry", "torch", "transformers"}
ROOMS = {"pipeline", "serving", "dashboard"}


def names(file: str) -> set[str]:
    """The packages of a requirements file, without pins and extras."""
    lines = (CHECKOUT / file).read_text().splitlines()
    return {re.split(r"[\[=; ]", line)[0].lower() for line in lines if line and line[0] not in "#-"}


def imported(room: str) -> set[str]:
    """The top names of other people's modules that a room imports, also through other rooms and inside functions."""
    graph = grimp.build_graph(*sorted(ROOMS), include_external_packages=True)
    found = {module.partition(".")[0] for module in graph.find_upstream_modules(room, as_package=True)}
    return found - ROOMS - set(sys.stdlib_module_names) - OPTIONAL


def stages() -> dict[str, str]:
    """The Dockerfile's stages by name, each beginning with the one that it goes on from."""
    parts = re.findall(r"^FROM (\S+ AS (\S+)\n.*?)(?=^FROM |\Z)", (CHECKOUT / "Dockerfile").read_text(), re.M | re.S)
    return {name: text for text, name in parts}


def rooms_of(stage: str) -> set[str]:
    """The rooms that a stage has, of its own or of those that it goes on from."""
    if stage not in stages():
        return set()
    text = stages()[stage]
    return set(re.findall(r"^COPY (\w+) \1$", text, re.M)) | rooms_of(text.split()[0])


@pytest.mark.parametrize("room", ["serving", "dashboard"])
def test_what_a_room_imports_is_in_the_list_of_its_image(room):
    listed, distributions = names(f"requirements-{room}.txt"), packages_distributions()
    missing = {name for name in imported(room) if not listed & {one.lower() for one in distributions.get(name, ())}}
    assert not missing


@pytest.mark.parametrize("room", ["serving", "dashboard"])
def test_what_the_list_of_an_image_names_is_pinned_and_needed_by_the_product(room):
    assert names(f"requirements-{room}.txt") <= names("requirements.lock") & names("requirements.txt")


def test_the_image_of_a_ray_node_has_every_room_that_runs_on_the_cluster():
    everything = {"agent", "dashboard", "launch", "pipeline", "scaling", "serving", "tools"}
    modules = grimp.build_graph(*sorted(everything)).find_upstream_modules("scaling", as_package=True)
    needed = {"scaling"} | {module.partition(".")[0] for module in modules}
    assert {"serving", "pipeline"} <= needed <= rooms_of("ray")
    assert "requirements-ray.txt" in stages()["ray"]


def test_the_agents_image_leaves_out_only_what_the_dashboard_alone_needs():
    left_out = set(re.search(r"\^\(([a-z|]+)\)==", (CHECKOUT / "Dockerfile").read_text())[1].split("|"))
    assert left_out <= names("requirements-dashboard.txt")
