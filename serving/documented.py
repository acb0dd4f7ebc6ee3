"""The table of routes: FastAPI documents each, Starlette runs it."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from serving.admission import shows_messages
from serving.control import ControlPlane
from serving.errors import OPEN_INFERENCE
from serving.inference_schemas import InferenceAnswer, InferenceError, InferenceRequest
from serving.introspection import Introspection
from serving.open_inference import OpenInference
from serving.routes import DataPlane
from serving.schemas import (
    BatchPrediction,
    ControlAnswer,
    DriftAnswer,
    ErrorBody,
    Feedback,
    FeedbackList,
    FeedbackResult,
    PinBody,
    Prediction,
    PromoteBody,
    RollbackBody,
    RolloutBody,
    UnpinBody,
)
from serving.watching import DEFAULT_PAGE, LARGEST_PAGE, LARGEST_QUEUE, Watching

Handler = Callable[[Request], Awaitable[Response]]
NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
VERSION = {"name": "version", "in": "path", "required": True, "schema": {"type": "string"}}
REFUSALS: dict[int, str] = {
    401: "A key is needed, or the control plane's token",
    403: "The control plane answers this machine alone",
    404: "No such model or version",
    408: "The request took too long to arrive; the answer has no body",
    409: "The move is refused: no passed verdict, a pin, or another move was first",
    413: "Body too large",
    415: "Compressed bodies are not taken",
    422: "The body or the query is not what the route takes; the message says what to do",
    429: "Too many requests; Retry-After says when to send the next",
    503: "No champion is loaded, or a store is away",
}
PREDICTION = (404, 408, 413, 415, 422, 429, 401, 503)
CONTROL = (*PREDICTION, 403, 409)
HEADERS: list[dict[str, Any]] = [
    {
        "name": "X-Request-Id",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": 128},
        "description": "Returned with the answer; made up when it is missing.",
    },
    {
        "name": "X-Caller-Id",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The same caller gets the same version during a canary.",
    },
]


class Post(NamedTuple):
    """A route that takes a body: any of `bodies`, answered by an `answer`."""

    path: str
    handler: Handler
    bodies: tuple[type[BaseModel], ...]
    answer: type[BaseModel]
    refusals: tuple[int, ...] = PREDICTION


class PlainRoute(Route):
    """A route of FastAPI's application whose handler is called straight, and what the documentation says of it.

    FastAPI's own way to a handler (dependencies, exit stacks, response models) costs tens of microseconds a request.
    """

    def __init__(self, path: str, handler: Handler, method: str, options: Callable[[], dict[str, Any]]):
        """`options` of FastAPI's APIRoute are made when somebody reads the documentation."""
        super().__init__(path, handler, methods=[method])
        self.methods = {method}
        self._options = options

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            response = await handler(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = run

    def documented(self) -> APIRoute:
        return APIRoute(self.path, self.endpoint, methods=self.methods, response_model=None, **self._options())


class DocumentedApp(FastAPI):
    """FastAPI's application; its routes are described at the first look at them.

    For every refusal of every route FastAPI makes a model of its own: a quarter of the start, and memory for ever.
    """

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            routes = [route.documented() for route in self.router.routes if isinstance(route, PlainRoute)]
            self.openapi_schema = get_openapi(
                title=self.title, version=self.version, openapi_version=self.openapi_version, routes=routes
            )
        return self.openapi_schema


def documented_routes(
    plane: DataPlane, introspection: Introspection, control: ControlPlane, v2: OpenInference
) -> list[PlainRoute]:
    """Plain paths answer for the default model; the same under /models/{name} for each."""
    predictions = _predictions(plane)
    gets: list[tuple[str, Handler]] = [
        ("/health", introspection.health),
        ("/health/live", introspection.live),
        ("/health/ready", introspection.ready),
        ("/models", introspection.models),
        ("/models/current", introspection.current),
        ("/models/{name}/versions", introspection.versions),
        ("/metrics/performance", introspection.performance),
        ("/metrics", introspection.metrics),
        *_watched(Watching(introspection.parts)),
        ("/v2", v2.server),
        ("/v2/health/live", v2.live),
        ("/v2/health/ready", v2.ready),
        ("/v2/models/{name}", v2.model),
        ("/v2/models/{name}/ready", v2.model_ready),
        ("/v2/models/{name}/versions/{version}", v2.model),
        ("/v2/models/{name}/versions/{version}/ready", v2.model_ready),
    ]
    return [
        *(_post(post) for post in predictions),
        *(_post(post._replace(path="/models/{name}" + post.path)) for post in predictions),
        *(_post(post) for post in [*_controls(control), *_inferences(v2)]),
        *(_get(path, handler) for path, handler in gets),
    ]


def _watched(watching: Watching) -> list[tuple[str, Handler]]:
    gets: list[tuple[str, Handler]] = [
        ("/labels/queue", watching.labels_queue),
        ("/drift/latest", watching.drift_latest),
        ("/drift/history", watching.drift_history),
    ]
    return [(prefix + path, handler) for prefix in ("", "/models/{name}") for path, handler in gets]


def _predictions(plane: DataPlane) -> list[Post]:
    # The plain paths are documented with the bodies of the default model.
    default = plane.endpoints.get(plane.parts.default_model) or next(iter(plane.endpoints.values()))
    taken = default.bodies
    return [
        Post("/predict", plane.predict, (taken.message,), Prediction),
        Post("/classify", plane.classify, (taken.classify,), Prediction),
        Post("/predict/batch", plane.predict_batch, (taken.batch,), BatchPrediction),
        Post("/batch_predict", plane.predict_batch, (taken.batch,), BatchPrediction),
        Post("/drift/calculate", plane.drift, (taken.drift,), DriftAnswer),
        Post("/feedback", plane.feedback, (Feedback, FeedbackList), FeedbackResult),
    ]


def _controls(control: ControlPlane) -> list[Post]:
    moves: list[tuple[str, Handler, type[BaseModel]]] = [
        ("promote", control.promote, PromoteBody),
        ("rollback", control.roll_back, RollbackBody),
        ("rollout", control.rollout, RolloutBody),
        ("pin", control.pin, PinBody),
        ("unpin", control.unpin, UnpinBody),
    ]
    prefix = "/control/models/{name}/"
    return [Post(prefix + name, handler, (body,), ControlAnswer, CONTROL) for name, handler, body in moves]


def _inferences(v2: OpenInference) -> list[Post]:
    paths = ("/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer")
    return [Post(path, v2.infer, (InferenceRequest,), InferenceAnswer) for path in paths]


def _post(post: Post) -> PlainRoute:
    return PlainRoute(post.path, post.handler, "POST", partial(_post_options, post))


def _post_options(post: Post) -> dict[str, Any]:
    schemas = [_inlined(body.model_json_schema()) for body in post.bodies]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {
        "responses": {**_refusals(post.path, sorted(post.refusals)), 200: {"model": post.answer}},
        "openapi_extra": {"requestBody": body, "parameters": [*_in_path(post.path), *HEADERS]},
    }


def _get(path: str, handler: Handler) -> PlainRoute:
    return PlainRoute(path, handler, "GET", partial(_get_options, path))


def _get_options(path: str) -> dict[str, Any]:
    statuses = (401, 404, 422, 429, 503) if shows_messages(path) else (404, 429, 503)
    return {"responses": _refusals(path, statuses), "openapi_extra": {"parameters": [*_in_path(path), *_asked(path)]}}


def _asked(path: str) -> list[dict[str, Any]]:
    """The parameters of the query of a path."""
    if path.endswith("/labels/queue"):
        return [_whole("limit", f"Most entries of the answer, {LARGEST_QUEUE} at most.", DEFAULT_PAGE)]
    if path.endswith("/drift/history"):
        return [
            _whole("limit", f"Most reports of a page, {LARGEST_PAGE} at most.", DEFAULT_PAGE),
            _whole("before", "The next_before of the page before; left out for the first one."),
        ]
    return []


def _whole(name: str, description: str, default: int | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": 1} | ({"default": default} if default else {})
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _refusals(path: str, statuses: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, with the body that its protocol gives them."""
    body = InferenceError if path.startswith(OPEN_INFERENCE) else ErrorBody
    return {status: {"model": body, "description": REFUSALS[status]} for status in statuses}


def _in_path(path: str) -> list[dict[str, Any]]:
    return [parameter for parameter in (NAME, VERSION) if f"{{{parameter['name']}}}" in path]


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its own definitions put where they are referred to: OpenAPI has no place for them."""
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            return resolve(definitions[name]) if name else {key: resolve(value) for key, value in part.items()}
        return [resolve(entry) for entry in part] if isinstance(part, list) else part

    resolved: dict[str, Any] = resolve(schema)
    return resolved
