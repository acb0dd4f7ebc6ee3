"""Makes the application: the parts, the routes over them, and what starts and stops with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from pipeline.version import VERSION
from serving.access_log import AccessLog
from serving.admission import Admission, Rates
from serving.control import ControlPlane
from serving.documented import DocumentedApp, documented_routes
from serving.errors import install_handlers
from serving.front_door import FrontDoor
from serving.introspection import Introspection
from serving.open_inference import OpenInference
from serving.parts import build_parts
from serving.routes import DataPlane, endpoint
from serving.settings import ServingSettings
from serving.straight import Straight

# FastAPI asks for an OpenTelemetry provider at every request; the counters of /metrics are the service's own.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class Service(NamedTuple):
    """The application, and the straight way in front of it, for a server that has one."""

    app: FastAPI
    straight: Straight | None


def create_app(settings: ServingSettings) -> FastAPI:
    """The service over every managed model that it can serve. Nothing is opened before its lifespan begins."""
    return create_service(settings).app


def create_service(settings: ServingSettings) -> Service:
    parts = build_parts(settings)
    plane = DataPlane(parts, {name: endpoint(spec, settings) for name, spec in parts.specs.items()})
    routes = documented_routes(
        plane,
        Introspection(parts),
        ControlPlane(parts, plane),
        OpenInference(plane, parts.slots, settings.max_batch_messages),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await parts.start()
        yield
        await parts.stop()

    shared: dict[str, Any] = {
        "counters": parts.counters,
        "admission": _admission(settings),
        "max_body_bytes": settings.max_body_bytes,
        "access_log": AccessLog() if settings.access_log else None,
    }
    front_door = Middleware(FrontDoor, **shared)
    app = DocumentedApp(
        title="Refit: predictions",
        version=VERSION,
        lifespan=lifespan,
        middleware=[front_door],
        telemetry=NO_TELEMETRY,
    )
    app.router.routes[:0] = routes
    install_handlers(app)
    # Whom a proxy speaks for is found out by uvicorn, on the way to the application.
    ways = plane.straight_ways() if settings.fast_path and not settings.trusted_proxies else {}
    return Service(app, Straight(ways, **shared) if ways else None)


def _admission(settings: ServingSettings) -> Admission:
    rate = settings.rate_per_second
    return Admission(
        keys=settings.prediction_keys,
        control_token=settings.control_token,
        rates=Rates(rate, settings.rate_burst) if rate else None,
        max_body_bytes=settings.max_body_bytes,
    )
