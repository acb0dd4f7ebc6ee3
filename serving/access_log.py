"""One line of JSON for each request, on request: never its body, its query or the text of a message."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import Scope

LONGEST_PATH = 200
NOTED_KEY = "refit.noted"
access = logging.getLogger("serving.access")


@dataclass(slots=True)
class Noted:
    """The predictions that one request was answered with: the id of the first, and how many there are."""

    prediction_id: str | None = None
    predictions: int = 0


def begin_noting(scope: Scope) -> Noted:
    """From here on the predictions of a request are noted; without this, `note` does nothing."""
    noted = scope[NOTED_KEY] = Noted()
    return noted


def note(scope: Scope, prediction_id: str) -> None:
    """Keep the id of a prediction for the line of its request."""
    noted: Noted | None = scope.get(NOTED_KEY)
    if noted is None:
        return
    noted.prediction_id = noted.prediction_id or prediction_id
    noted.predictions += 1


class AccessLog:
    def write(self, scope: Scope, request_id: bytes, status: int, nanoseconds: int, noted: Noted) -> None:
        """A status of 0 means that nothing was answered: the client went away, or an error came up on the way."""
        client = scope.get("client")
        line = {
            "at": datetime.now(UTC).isoformat(),
            "request_id": request_id.decode("ascii"),
            "method": scope["method"],
            "path": scope["path"][:LONGEST_PATH],
            "status": status,
            "ms": round(nanoseconds / 1e6, 3),
            "peer": client[0] if client else None,
            "prediction_id": noted.prediction_id,
            "predictions": noted.predictions,
        }
        access.info(json.dumps(line))
