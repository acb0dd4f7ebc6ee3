"""Hands out the artefacts of registered versions by their digest, to serving replicas that share no folder with us."""

from pathlib import Path as Folder
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from sqlalchemy import Engine, select

from agent.errors import ApiError
from pipeline.served.artifact import artifact_path
from pipeline.store.control import versions as table

# A digest names one content for ever.
FOR_EVER = "private, max-age=31536000, immutable"


def artifact_routes(control: Engine, artifact_dir: Folder) -> APIRouter:
    """One route, open to whoever may read."""
    routes = APIRouter(tags=["models"])

    @routes.get("/models/{name}/artifacts/{sha256}", response_class=FileResponse)
    def artifact(
        name: Annotated[str, Path(max_length=80)], sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
    ) -> FileResponse:
        """The bytes of a version's artefact; whoever fetches them holds them to the digest."""
        if not _is_registered(control, name, sha256):
            raise ApiError(404, "unknown_artifact", f"No version of {name} has the artefact {sha256[:12]}.")
        path = artifact_path(artifact_dir, name, sha256)
        if not path.is_file():
            raise ApiError(404, "artifact_missing", f"The artefact {sha256[:12]} of {name} is not in the folder here.")
        return FileResponse(path, media_type="application/octet-stream", headers={"cache-control": FOR_EVER})

    return routes


def _is_registered(control: Engine, model: str, sha256: str) -> bool:
    """Nothing but what was registered leaves, whatever the name spells."""
    query = select(table.c.version).where(table.c.model == model, table.c.artifact_sha256 == sha256).limit(1)
    with control.connect() as connection:
        return connection.execute(query).first() is not None
