"""One line of JSON for each request, on request: never its body, its query or the text of a message."""

import json
import logging
from datetime import UTC, datetime

from starlette.types import Scope

LONGEST_PATH = 200
access = logging.getLogger("serving.access")


class AccessLog:
    def write(self, scope: Scope, request_id: bytes, status: int, nanoseconds: int) -> None:
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
        }
        access.info(json.dumps(line))
