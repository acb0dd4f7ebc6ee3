"""What a tool answers: found, nothing there, failed, refused, or waiting for a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ToolStatus(StrEnum):
    OK = "ok"
    NO_DATA = "no_data"
    ERROR = "error"
    REFUSED = "refused"
    NEEDS_APPROVAL = "needs_approval"


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """An answer for the deciding model. `reason` says what was searched, what failed, or which rule refused.

    An error carries the name of its type and never its text: that may quote what a stranger wrote.
    """

    status: ToolStatus
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    rule: str | None = None

    def as_json(self) -> str:
        said = {"status": self.status.value, "data": dict(self.data), "reason": self.reason, "rule": self.rule}
        return json.dumps({name: value for name, value in said.items() if value not in (None, {})}, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> "ToolResult":
        said = json.loads(text)
        return ToolResult(**said | {"status": ToolStatus(said["status"])})


def ok(**data: Any) -> ToolResult:
    return ToolResult(status=ToolStatus.OK, data=data)


def no_data(searched: str) -> ToolResult:
    return ToolResult(status=ToolStatus.NO_DATA, reason=f"Nothing was found in {searched}.")


def failed(error: BaseException) -> ToolResult:
    return ToolResult(status=ToolStatus.ERROR, reason=type(error).__name__)


def queued_for_approval(action: str, **data: Any) -> ToolResult:
    return ToolResult(status=ToolStatus.NEEDS_APPROVAL, data={"queued_for_approval": action, **data})


def refused(reason: str, rule: str, **data: Any) -> ToolResult:
    return ToolResult(status=ToolStatus.REFUSED, data=data, reason=reason, rule=rule)
