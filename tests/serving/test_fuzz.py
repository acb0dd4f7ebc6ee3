"""Whatever is sent to any documented route, by its schema or against it, the service does not break: no 5xx but 503."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.serving.running import service
from tests.serving.world import MODEL, World, small_profile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from([MODEL, "breast_cancer", "nothing", "..", "%00", "é", "a b"])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    world = World(tmp_path_factory.mktemp("fuzz") / "home")
    world.add_version(1, small_profile())
    world.promote(1)
    with service(world.serving_settings()) as made:
        yield made
    world.store.close()


@pytest.fixture(scope="module")
def operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, schema of the body) of every documented operation."""
    found = []
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            found.append((method.upper(), path, content.get("application/json", {}).get("schema", {})))
    return found


def by_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows, near enough; every fifth one is anything at all."""
    kinds = schema.get("anyOf") or [schema]
    return st.one_of(*[_one(kind) for kind in kinds] * 4, JSON)


def _one(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "object" and "properties" in schema:
        needed = schema.get("required", ())
        required = {name: by_schema(part) for name, part in schema["properties"].items() if name in needed}
        rest = {name: by_schema(part) for name, part in schema["properties"].items() if name not in required}
        return st.fixed_dictionaries(required, optional=rest)
    if schema.get("type") == "array":
        return st.lists(by_schema(schema.get("items", {})), max_size=5)
    simple = {"string": st.text(max_size=60), "integer": st.integers(), "number": st.floats(), "boolean": st.booleans()}
    return simple.get(str(schema.get("type")), JSON)


@given(data=st.data())
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_service(
    client: TestClient, operations: list[tuple[str, str, dict[str, Any]]], data: st.DataObject
) -> None:
    method, path, schema = data.draw(st.sampled_from(operations))
    path = path.replace("{name}", data.draw(NAMES)).replace("{version}", data.draw(st.sampled_from(["1", "v2", "x"])))
    headers = data.draw(
        st.dictionaries(
            st.sampled_from(["x-request-id", "x-caller-id", "inference-header-content-length", "content-type"]),
            st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
            max_size=2,
        )
    )
    body = json.dumps(data.draw(by_schema(schema))).encode() if method == "POST" else b""
    if data.draw(st.integers(0, 9)) == 0:
        body = data.draw(st.binary(max_size=60))
    answer = client.request(method, path, content=body, headers=headers)
    assert answer.status_code < 500 or answer.status_code == 503, (method, path, body, headers, answer.text)
    if answer.status_code >= 400:
        assert set(answer.json()) in ({"error"}, {"name", "ready"}, {"ready", "reasons"}), answer.text
