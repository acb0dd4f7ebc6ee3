"""The webhook that says that data has arrived: the model is looked at through the one loop, soon and once."""

import asyncio
import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from agent.alerts.payload import signature
from agent.errors import ApiError
from agent.record.canonical import to_plain
from agent.schedule import data_events
from pipeline.clock import Clock
from pipeline.errors import UnknownModelError
from pipeline.store.open import Store

SIGNATURE, TIMESTAMP = "x-refit-signature", "x-refit-timestamp"
# A signature is good for so long, so that a request that somebody recorded is of no use to him later.
SECONDS_VALID = 300
MOST_DIGITS = 15


class DataArrived(BaseModel):
    """Rows of a model arrived. `event_id` is the sender's own: sent again, it is looked at once."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    model: str = Field(min_length=1, max_length=80)
    event_id: str | None = Field(None, min_length=1, max_length=36, pattern=r"^[\w.:-]+$")
    source: str = Field("webhook", max_length=80, pattern=r"^[\w./:-]+$", description="Where the rows lie.")
    rows: int | None = Field(None, ge=0, le=2**53)


def event_routes(store: Store, models: frozenset[str], clock: Clock, secret: SecretStr | None) -> APIRouter:
    """The routes; with a `secret`, an event must be signed as well."""
    routes = APIRouter(prefix="/events", tags=["events"])
    schema = {"content": {"application/json": {"schema": DataArrived.model_json_schema()}}, "required": True}

    @routes.post("/data", status_code=202, openapi_extra={"requestBody": schema})
    async def arrived(request: Request) -> dict[str, Any]:
        """Queue a look at a model because data of it arrived. The look is made within seconds, or when it is free."""
        body = await request.body()
        if secret is not None:
            _require_signature(request, body, secret, clock().timestamp())
        said = _read(body)
        if said.model not in models:
            raise UnknownModelError(said.model, sorted(models))
        known = said.model_dump()
        # In a thread: a database that is slow to write must not hold up every other request.
        event, new = await asyncio.to_thread(data_events.announce, store.control, now=clock(), **known)
        plain: dict[str, Any] = to_plain(event)
        return plain | {"new": new, "decisions": f"/decisions?model={said.model}"}

    @routes.get("/data")
    def listed(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
        """The newest events, and which decision answers for each."""
        return {"events": to_plain(data_events.events(store.control, limit))}

    return routes


def _read(body: bytes) -> DataArrived:
    try:
        return DataArrived.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from None


def _require_signature(request: Request, body: bytes, secret: SecretStr, now: float) -> None:
    timestamp, given = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    read = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MOST_DIGITS
    fresh = read and abs(now - int(timestamp)) <= SECONDS_VALID
    wanted = signature(body, secret.get_secret_value(), int(timestamp)) if fresh else ""
    # Both are compared as bytes: a header may hold any.
    if not fresh or not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape")):
        raise ApiError(
            401, "signature_required", "Sign the event: X-Refit-Timestamp and X-Refit-Signature, see docs/running.md."
        )
