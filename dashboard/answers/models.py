"""The models, the version that each serves, and what the one who asks may do."""

from datetime import datetime
from typing import Any

from dashboard.answers.answered import Answered
from dashboard.answers.decisions import Thought
from dashboard.answers.windows import Accuracy, Lines


class Titled(Answered):
    name: str
    title: str


class Access(Answered):
    may_act: bool
    may_approve: bool
    may_act_in_chat: bool
    shows_text: bool
    llm: str | None
    default: str
    models: tuple[Titled, ...]


class ModelRow(Answered):
    model: str
    title: str
    kind: str
    light: str
    why: str
    champion: str | None
    generation: int
    promoted_at: datetime | None
    autonomy: str
    waiting: int
    lines: Lines
    drift: float | None
    accuracy: Accuracy
    recent_drift: tuple[float | None, ...]
    last_decision: Thought | None


class Overview(Answered):
    at: datetime
    models: tuple[ModelRow, ...]


class Slot(Answered):
    slot: str
    state: str | None
    version: str | None


class Latency(Answered):
    p50_ms: float | None = None
    p99_ms: float | None = None


class Served(Answered):
    version: str | None
    slots: tuple[Slot, ...]
    problems: tuple[str, ...]
    latency: Latency


class Explained(Answered):
    at: datetime
    drift: tuple[str, ...]
    recommendation: str | None
    accuracy: tuple[str, ...]


class Stage(Answered):
    traffic: str
    share: float


class Rollout(Answered):
    version: int
    champion_version: int
    stage: int
    stages: tuple[Stage, ...]
    why: str


class Pin(Answered):
    version: int
    who: str
    why: str


class Model(ModelRow):
    labels: tuple[str, ...]
    rules: dict[str, Any]
    newest_window: Explained | None
    rollout: Rollout | None
    pin: Pin | None
    served: Served | None
