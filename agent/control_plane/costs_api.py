"""What decisions and models cost, over HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from agent.loop import Loop
from agent.record.spending import default_since, spending
from pipeline.clock import Clock
from pipeline.errors import UnknownModelError
from pipeline.store.open import Store


def cost_routes(store: Store, artifact_dir: Path, loops: Mapping[str, Loop], clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["costs"])

    @routes.get("/costs")
    def costs(
        model: Annotated[str | None, Query(max_length=80, description="One model; default: all of them.")] = None,
        since: Annotated[datetime | None, Query(description="From then on; default: the last 30 days.")] = None,
        decisions: Annotated[int, Query(ge=0, le=200, description="How many of the newest to list.")] = 20,
    ) -> dict[str, Any]:
        """CPU, labels, tokens, money and storage, by model and by decision."""
        if model is not None and model not in loops:
            raise UnknownModelError(model, sorted(loops))
        start = default_since(clock()) if since is None else since.replace(tzinfo=since.tzinfo or UTC)
        return spending(store, artifact_dir, [model] if model else sorted(loops), start, decisions)

    return routes
