"""Talks to the prediction service over HTTP: what it has loaded, and nothing of what it was sent."""

from collections.abc import Mapping
from typing import Any

import httpx

TIMEOUT_SECONDS = 3.0


class ServingClient:
    """A client of one service. Its answers are numbers, version tags and states; reasons in free text are left out."""

    def __init__(self, base_url: str, transport: httpx.BaseTransport | None = None):
        self._http = httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS, transport=transport)

    def slots(self, model: str) -> Mapping[str, Any] | None:
        """What the service holds in memory for a model, or None when it does not know it.

        Raises httpx.HTTPError when the service does not answer, ValueError for an answer that is none of its own.
        """
        answer = self._http.get("/models/current")
        answer.raise_for_status()
        body = answer.json()
        known = body["models"].get(model) if isinstance(body, dict) and isinstance(body.get("models"), dict) else None
        if known is None:
            return None
        slots = known.get("slots") or {}
        return {
            "version": _tag(known.get("version")),
            "generation": known.get("generation"),
            "previous_version": _tag(known.get("previous_version")),
            "slots": {name: _slot(slot) for name, slot in slots.items()},
            "problems": len(known.get("problems") or ()),
        }

    def close(self) -> None:
        self._http.close()


def _slot(slot: Mapping[str, Any]) -> dict[str, Any]:
    return {"state": str(slot.get("state"))[:20], "version": _tag(slot.get("version"))}


def _tag(value: object) -> str | None:
    """A version tag such as v3; anything else is not passed on."""
    tag = str(value)
    return tag if tag.startswith("v") and tag[1:].isdecimal() else None
