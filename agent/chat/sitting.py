"""One question with everything it is answered from: the snapshot, the tools, and whether anything may be asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.chat.memory import Turn

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from agent.chat.desk import Desk
    from agent.chat.tools import Snapshot

Refusal = tuple[str, str]

NOT_ENABLED: Refusal = (
    "acting_is_not_enabled",
    "Nothing can be asked for here: use `ask --act`, or the operator's token with `act` over HTTP.",
)
HAS_READ: Refusal = (
    "no_acting_after_reading_messages",
    "This conversation has read messages of strangers, so nothing can be asked for in it; begin a new one.",
)
DEMOTED: Refusal = (
    "advice_only",
    "The LLM only advises at present; say it as a plain command, such as `retrain`: no LLM stands behind it.",
)


@dataclass(frozen=True, kw_only=True)
class May:
    """What whoever asks may do: open decisions, have messages read."""

    act: bool = False
    read_messages: bool = True


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """`desk` is where requests go; None where nothing may be asked for, and `why_not` says why."""

    question: str
    conversation: str
    turns: Sequence[Turn]
    snapshot: "Snapshot"
    tools: "Mapping[str, BaseTool]"
    desk: "Desk | None"
    why_not: Refusal | None
    may: May
    has_read: bool
