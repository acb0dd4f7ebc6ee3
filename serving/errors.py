"""What the service answers when it cannot answer: one base error, one body, one table of status codes.

RefitError (pipeline)
└── ServingError          carries its own status and code
    ├── InvalidInputError 422: the body is not what the route takes
    │   └── NoAnswerError 422: a version finds no probability for the input (asking.py)
    ├── BodyTooLargeError 413: refused before parsing
    ├── NotServingError   503: nothing is loaded for the model, with the reason
    ├── StoreAwayError    503: a database does not answer; what was sent may be sent again
    ├── NotLoggedError    503: in the durable mode, the row of an answer could not be committed
    └── (admission.py)    401, 403, 415, 429: who may use the service, and how much
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from pipeline.errors import (
    ArtifactError,
    ConcurrentChangeError,
    InputError,
    NoChampionError,
    PromotionRefusedError,
    RefitError,
    StoreError,
    UnknownModelError,
    UnknownVersionError,
)

log = logging.getLogger("serving")

# What a database that is away, full or locked raises. A wrong query is none of these: it is a fault of ours, and shows.
STORE_AWAY = (DBAPIError, PoolTimeoutError, StoreError, OSError)
# What a thread that must go on for ever survives: rows that contradict each other, too.
STORE_TROUBLE = (SQLAlchemyError, StoreError, OSError)


# By SQLite's names of errors, without what they add to it.
SQLITE_REASONS = {
    "SQLITE_FULL": "The disk of the database is full. Free some room; what waits is written then.",
    "SQLITE_IOERR": "The disk of the database takes or gives no data. Check its room, its quota and its health.",
    "SQLITE_READONLY": "The database may not be written. Check the owner of its file and of its folder.",
    "SQLITE_CORRUPT": "The file of the database is damaged. Restore it from a backup.",
    "SQLITE_BUSY": "The database is locked by another process for too long.",
}


class ServingError(RefitError):
    """Base of the service's own errors."""

    status = 500
    code = "internal"
    headers: Mapping[str, str] | None = None


class InvalidInputError(ServingError):
    status = 422
    code = "invalid_input"


class BodyTooLargeError(ServingError):
    status = 413
    code = "body_too_large"

    def __init__(self, most_bytes: int):
        super().__init__(f"The body is larger than {most_bytes:,} bytes. Send less text, or several requests.")


class NotServingError(ServingError):
    status = 503

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class StoreAwayError(ServingError):
    status = 503
    code = "store_away"


class NotLoggedError(ServingError):
    status = 503
    code = "not_logged"


# Clients of the Open Inference Protocol take an error's message as a string, and fail over anything else.
OPEN_INFERENCE = "/v2/"
PIPELINE_ERRORS: dict[type[RefitError], tuple[int, str]] = {
    UnknownModelError: (404, "unknown_model"),
    NoChampionError: (503, "no_champion"),
    ArtifactError: (503, "artifact_unusable"),
    StoreError: (503, "store_away"),
    InputError: (422, "invalid_input"),
    UnknownVersionError: (404, "unknown_version"),
    PromotionRefusedError: (409, "promotion_refused"),
    ConcurrentChangeError: (409, "concurrent_change"),
}
HTTP_ERRORS = {
    404: ("not_found", "There is no such route. The routes are listed at /docs."),
    405: ("method_not_allowed", "This route does not take that method. The routes are listed at /docs."),
}


def install_handlers(app: FastAPI) -> None:
    """Every error leaves as {"error": {"code", "message"}}, and under /v2 as its protocol has it, {"error": message}.

    None shows a stack trace or the text of a message.
    """
    app.add_exception_handler(RefitError, refit_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def refit_error(request: Request, error: Exception) -> Response:
    status, code = status_and_code(error)
    headers = error.headers if isinstance(error, ServingError) else None
    return error_response(request, status, code, str(error), headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = HTTP_ERRORS.get(error.status_code, ("http_error", "The request could not be answered."))
    return error_response(request, error.status_code, code, message, error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    # Its text may quote a message, so only its type is told; the log shows the place (see logs.py).
    message = f"Something unexpected happened ({type(error).__name__}). See the log."
    return error_response(request, 500, "internal", message)


def status_and_code(error: Exception) -> tuple[int, str]:
    if isinstance(error, ServingError):
        return error.status, error.code
    return PIPELINE_ERRORS.get(type(error), (500, "internal")) if isinstance(error, RefitError) else (500, "internal")


def reason(error: Exception) -> str:
    """Why a store failed: our own sentence, or a driver's type alone: its text may carry a password."""
    if isinstance(error, StoreError):
        return str(error)
    code = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
    known = SQLITE_REASONS.get("_".join(code.split("_")[:2]))
    return known or f"{type(error).__name__}. Check REFIT_HOME, REFIT_CONTROL_URL and REFIT_TELEMETRY_URL."


@contextmanager
def store_answers(otherwise: str) -> Iterator[None]:
    """Around whatever asks a store, from its opening on. Raises StoreAwayError, which begins with `otherwise`."""
    try:
        yield
    except STORE_AWAY as error:
        raise StoreAwayError(f"{otherwise} {reason(error)}") from None


def error_response(
    request: Request, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    of_protocol = request.scope["path"].startswith(OPEN_INFERENCE)
    error: Any = message if of_protocol else {"code": code, "message": message}
    return JsonResponse({"error": error}, status, headers)


class JsonResponse(Response):
    """JSON in ASCII: half of a surrogate pair, which UTF-8 cannot carry, leaves as an escape."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None):
        super().__init__(content, status_code, headers)

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii")
