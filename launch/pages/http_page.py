"""docs/http-api.md from the OpenAPI of both services: every route with who may ask, parameters, body and answers."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from agent.alerts.api import alert_routes
from agent.control_plane.api import create_api
from agent.control_plane.roles import Role
from agent.control_plane.server import build_parts
from agent.passes import Passes
from agent.settings import AgentSettings
from launch.pages.places import cell
from pipeline.clock import utc_now
from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from serving.app import create_app
from serving.settings import ServingSettings

ORDER = (Role.VIEWER, Role.APPROVER, Role.OPERATOR)
Schema = Mapping[str, Any]


def agent_page() -> str:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(PipelineSettings(_env_file=None, home=Path(folder)))
        try:
            app = agent_app(AgentSettings(_env_file=None), store)
            return "\n".join(_routes(app.openapi(), _who_of_the_agent))
        finally:
            store.close()


def serving_page() -> str:
    return "\n".join(_routes(create_app(ServingSettings(_env_file=None)).openapi(), _who_of_serving))


def agent_app(settings: AgentSettings, store: Store) -> FastAPI:
    """The control plane with all of its routes; it is only asked what they are."""
    app = create_api(build_parts(settings, store, Passes({})))
    app.include_router(alert_routes(store.control, [], utc_now))
    return app


def _routes(api: Schema, who: Any) -> Iterator[str]:
    parts = api.get("components", {}).get("schemas", {})
    for path, methods in sorted(api["paths"].items()):
        for method, route in methods.items():
            yield f"### `{method.upper()} {path}`\n"
            yield " ".join(str(route.get("description") or route.get("summary") or "").split()) + "\n"
            yield from (f"- {line}" for line in _lines(method, path, route, parts, who))
            yield ""


def _lines(method: str, path: str, route: Schema, parts: Schema, who: Any) -> Iterator[str]:
    allowed = who(method.upper(), path)
    if allowed:
        yield f"who: {allowed}"
    for one in route.get("parameters", ()):
        needed = "" if one.get("required") else ", optional"
        said = one.get("description") or one["schema"].get("description")
        yield cell(f"`{one['name']}` ({one['in']}, {_type(one['schema'])}{needed}){f': {said}' if said else ''}")
    body = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"body: {_body(body, parts)}"
    yield "answers: " + ", ".join(f"`{status}`" for status in sorted(route.get("responses", {})))


def _body(schema: Schema, parts: Schema) -> str:
    found = parts.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    needed = set(found.get("required", ()))
    fields = [
        f"`{name}` ({_type(one)}{'' if name in needed else ', optional'})"
        for name, one in found.get("properties", {}).items()
    ]
    return ", ".join(fields) or _type(schema)


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            kinds = [_type(one) for one in schema[several] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _who_of_the_agent(method: str, path: str) -> str:
    """The least role that may ask, by the very rule that the gate applies."""
    return next(f"{role.value}" for role in ORDER if role.may_ask(method, path.replace("{approval_id}", "id")))


def _who_of_serving(method: str, path: str) -> str:
    return "the control token" if path.startswith("/control/") else ""
