"""The payloads of examples/ do what the documentation shows them for."""

import pytest

from tests.serving.running import ROOT, service
from tests.serving.world import World, small_profile

ROUTES = [
    ("predict.json", "/predict"),
    ("batch.json", "/predict/batch"),
    ("new_messages.json", "/drift/calculate"),
    ("feedback.json", "/feedback"),
]


@pytest.mark.parametrize(("file", "route"), ROUTES)
def test_an_example_is_answered_by_its_route(world: World, file: str, route: str) -> None:
    world.add_version(1, small_profile())
    world.promote(1)
    with service(world.serving_settings()) as client:
        assert client.post(route, content=(ROOT / "examples" / file).read_bytes()).status_code == 200
