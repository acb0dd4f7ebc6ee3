"""A database that is slow to write holds up the request that asks it, and no other: it is asked in a thread."""

from tests.agent.event_loops import made_in_event_loop
from tests.agent.fakes import MODEL

ON_POSTGRESQL_TOO = True


def test_an_event_is_written_outside_of_the_event_loop(serve, store):
    client = serve()
    asked = made_in_event_loop(store.control)
    assert client.post("/events/data", json={"model": MODEL, "rows": 10}).status_code == 202
    assert len(asked) > 0
    assert not any(asked)
