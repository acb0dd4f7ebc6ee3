"""Live and ready, told apart: a process that lives is not restarted, one that is not ready gets no requests."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.store.migrate import HEADS, revision
from pipeline.store.open import Store

# A disk with a few bytes left takes a small file and no page of a database.
PROBED_BYTES = 65_536


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
        return f"The {name} database is at {at}, this release needs {HEADS[name]}: python -m pipeline migrate"
    return None


def disk_troubles(folders: Iterable[Path]) -> list[str]:
    """What is wrong with the disks that the agent writes to, found by writing: a full disk can still be read."""
    return [trouble for folder in sorted(set(folders)) if (trouble := _trouble_of(folder))]


def folders_written(home: Path, store: Store) -> frozenset[Path]:
    """The home and, where they lie elsewhere, the folders of SQLite's files."""
    files = [engine.url.database for engine in (store.telemetry, store.control) if engine.dialect.name == "sqlite"]
    return frozenset([home.absolute(), *(Path(file).absolute().parent for file in files if file)])


def _trouble_of(folder: Path) -> str | None:
    try:
        with TemporaryFile(dir=folder, buffering=0) as probe:
            if probe.write(bytes(PROBED_BYTES)) < PROBED_BYTES:
                return f"{folder} is nearly full. Free some room; decisions cannot be recorded without it."
    except OSError as error:
        return (
            f"{folder} cannot be written ({error.strerror}), so nothing can be decided or recorded there. Free some "
            "room, or mount the disk for writing."
        )
    return None
