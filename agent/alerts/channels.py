"""What a channel is, and how sending can fail.

AgentError
└── SendError            the notice did not arrive; try again, not before `retry_after` where the channel said so
    └── RefusedError     this very notice will never be taken: it becomes a dead letter, the next ones go on
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from agent.alerts.notice import Notice
from agent.errors import AgentError

Receipt = Mapping[str, Any]


class SendError(AgentError):
    def __init__(self, reason: str, retry_after: timedelta | None = None):
        super().__init__(reason)
        self.retry_after = retry_after


class RefusedError(SendError):
    pass


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The first notice of the same thread, or the one that a notice closes, as this channel sent it."""

    notice: Notice
    receipt: Receipt | None


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a channel knows beside the notice: the thread's first message, and the message that the notice closes.

    `again`: it was taken up before, so the channel may have it though nobody was told.
    """

    root: Earlier | None = None
    closed: Earlier | None = None
    again: bool = False


class Channel(Protocol):
    """Sends one notice. `name` is unique; a receipt lets a later notice answer or update this one.

    Raises SendError or RefusedError, never another error on purpose; neither names an address or a secret.
    """

    @property
    def name(self) -> str: ...

    def send(self, notice: Notice, context: Context) -> Receipt | None: ...
