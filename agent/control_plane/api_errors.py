"""What the control plane answers when it cannot answer: {"error": {"code", "message"}}, never a stack trace."""

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from agent.errors import (
    ApiError,
    ApprovalRefusedError,
    BusyError,
    LedgerError,
    UnknownApprovalError,
    UnknownDecisionError,
)
from pipeline.errors import RefitError, StoreError, UnknownModelError
from tools.errors import JobNotRunningError, UnknownJobError

log = logging.getLogger("refit.agent")

# The first type that fits counts.
_STATUS: tuple[tuple[type[RefitError], int, str], ...] = (
    (UnknownModelError, 404, "unknown_model"),
    (UnknownDecisionError, 404, "unknown_decision"),
    (UnknownApprovalError, 404, "unknown_approval"),
    (ApprovalRefusedError, 409, "approval_refused"),
    (BusyError, 409, "busy"),
    (LedgerError, 409, "ledger_refused"),
    (UnknownJobError, 404, "unknown_job"),
    (JobNotRunningError, 409, "job_not_running"),
    (StoreError, 503, "store_away"),
)
_HTTP: Mapping[int, tuple[str, str]] = {
    404: ("not_found", "There is no such route. The routes are listed at /docs."),
    405: ("method_not_allowed", "This route does not take that method. The routes are listed at /docs."),
}


def install_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RefitError, _refit_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _store_away)
    app.add_exception_handler(PoolTimeoutError, _store_away)
    app.add_exception_handler(Exception, _unexpected)


def _answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)


def refusal(error: ApiError) -> JSONResponse:
    """The answer to a request that is refused before or in its route."""
    challenge = {"www-authenticate": "Bearer"} if error.status == 401 else None
    return _answer(error.status, error.code, str(error), challenge)


async def _refit_error(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return refusal(error)
    status, code = next(((status, code) for kind, status, code in _STATUS if isinstance(error, kind)), (500, "failed"))
    return _answer(status, code, str(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Names the first field that is wrong and repeats nothing of what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _answer(422, "invalid_input", f"{where}: {first['msg']}.")


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, message = _HTTP.get(error.status_code, ("http_error", "The request could not be answered."))
    return _answer(error.status_code, code, message, error.headers)


async def _store_away(request: Request, error: Exception) -> JSONResponse:
    # A driver's text may carry a password.
    message = f"The store does not answer ({type(error).__name__}). Check REFIT_CONTROL_URL and REFIT_TELEMETRY_URL."
    return _answer(503, "store_away", message)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed: %s", request.method, request.url.path, type(error).__name__)
    return _answer(500, "internal", f"Something unexpected happened ({type(error).__name__}). See the log.")
