"""The ids that tie lines of the log together: which request, model, decision, job and run a line is about.

They live in the context of a thread or a task; a line written there carries them, in text or as JSON.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

NAMES = ("request_id", "model", "decision_id", "job_id", "run_id", "version")
LogFormat = Literal["text", "json"]

_ids: ContextVar[Mapping[str, object]] = ContextVar("ids", default={})  # noqa: B039  (never changed in place)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Lines of the log within the block carry these ids beside those from outside; None leaves one as it is."""
    token = _ids.set({**_ids.get(), **{name: value for name, value in ids.items() if value is not None}})
    try:
        yield
    finally:
        _ids.reset(token)


def current() -> Mapping[str, object]:
    return _ids.get()


def ids_of(record: logging.LogRecord) -> dict[str, object]:
    """The ids of a line: of its context, and those that it names itself (`extra=`)."""
    own = {name: getattr(record, name) for name in NAMES if hasattr(record, name)}
    return {**_ids.get(), **own}


class TextLines(logging.Formatter):
    """A line for people; ids that its words do not hold already stand behind it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        rest = [f"{name}={value}" for name, value in ids_of(record).items() if str(value) not in line]
        return f"{line} [{' '.join(rest)}]" if rest else line


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **ids_of(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, default=str)


def start(log_format: LogFormat) -> None:
    """Write the log to standard error from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("apscheduler", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
