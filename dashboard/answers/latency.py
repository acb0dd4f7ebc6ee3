"""How long a model's answers took, over time and by version."""

from datetime import datetime

from dashboard.answers.answered import Answered
from dashboard.answers.windows import Move


class Measured(Answered):
    requests: int
    refused: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None


class Point(Measured):
    at: datetime
    worst_p99_ms: float | None


class OfVersion(Measured):
    version: str | None


class Latencies(Answered):
    model: str
    since: datetime
    until: datetime
    step_seconds: int
    row_seconds: int
    points: tuple[Point, ...]
    versions: tuple[OfVersion, ...]
    moves: tuple[Move, ...]
