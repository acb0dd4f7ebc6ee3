"""A control plane over one loop."""

import pytest
from fastapi.testclient import TestClient

from agent.control_plane.api import Parts, create_api
from agent.control_plane.health import folders_written
from agent.control_plane.roles import Tokens
from agent.passes import Passes
from tests.agent.control_plane.plane import LOCAL
from tests.agent.fakes import MODEL
from tests.agent.world import loop_in


@pytest.fixture
def serve(home, store):
    """A control plane over one loop; changes go to the loop, `token` and `wait_seconds` to the plane."""
    opened = []

    def open_plane(
        token=None,
        wait_seconds=10.0,
        evidence=None,
        viewer=None,
        approver=None,
        base=LOCAL,
        max_body_bytes=65_536,
        folder=None,
        **changes,
    ):
        loop = loop_in(home, store, evidence, **changes)
        passes = Passes({MODEL: loop})
        opened.append(passes)
        parts = Parts(
            store=store,
            loops=passes.loops,
            passes=passes,
            clock=loop.clock,
            tokens=Tokens(operator=token, approver=approver, viewer=viewer),
            max_body_bytes=max_body_bytes,
            wait_seconds=wait_seconds,
            folders=folders_written(folder or home, store),
        )
        app = create_api(parts)
        return TestClient(app, base_url=base, raise_server_exceptions=False, client=("127.0.0.1", 50_000))

    yield open_plane
    for passes in opened:
        passes.close()
