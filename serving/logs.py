"""How the service logs: one line per event to standard error, and of an exception its type and place alone.

The text of an exception, and the values in a full stack trace, may quote a message that somebody wrote.
"""

import logging
import traceback
from types import TracebackType
from typing import Any

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


SHOWN_PLACES = 8


class QuietFormatter(logging.Formatter):
    """Shows the type of an exception and the innermost places of its stack."""

    def formatException(self, ei: ExceptionInfo) -> str:
        kind, _, trace = ei
        places = traceback.extract_tb(trace)[-SHOWN_PLACES:]
        where = " < ".join(f"{_short(place.filename)}:{place.lineno} {place.name}" for place in reversed(places))
        return f"{kind.__name__ if kind else 'unknown'} at {where}"


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])


LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "bare": {"format": "%(message)s"},
        "line": {"()": QuietFormatter, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"},
        "access": {"class": "logging.StreamHandler", "formatter": "bare", "stream": "ext://sys.stderr"},
    },
    "loggers": {
        "serving": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "serving.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "uvicorn.error": {"level": "WARNING"},
    },
}
