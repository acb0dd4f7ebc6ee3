"""Live and ready, told apart: a process that lives is not restarted, one that is not ready gets no requests."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.store.migrate import HEADS, revision
from pipeline.store.open import Store


def health_routes(store: Store) -> APIRouter:
    routes = APIRouter(prefix="/health", tags=["observability"])

    @routes.get("/live")
    def live() -> dict[str, Any]:
        """The process answers. Whatever else is wrong, starting it again would not mend it."""
        return {"live": True}

    @routes.get("/ready")
    def ready(response: Response) -> dict[str, Any]:
        """Both databases answer at the schema that this release needs; 503 with the reasons otherwise."""
        engines = {"telemetry": store.telemetry, "control": store.control}
        reasons = [reason for name, engine in engines.items() if (reason := why_not(name, engine))]
        response.status_code = 503 if reasons else 200
        return {"ready": not reasons, "reasons": reasons}

    return routes


def why_not(name: str, engine: Engine) -> str | None:
    """Why a database cannot be worked with; None where it can."""
    try:
        at = revision(engine)
    except SQLAlchemyError as error:
        return f"The {name} database does not answer ({type(error).__name__})."
    if at != HEADS[name]:
        return f"The {name} database is at {at}, this release needs {HEADS[name]}: python -m launch prepare"
    return None
