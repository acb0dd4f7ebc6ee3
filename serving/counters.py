"""Counts and latencies of this process, as plain numbers: a counter costs a tenth of a microsecond, a library forty."""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pipeline.monitoring.latency import MOST_NANOSECONDS, PLACES

RECENT = 4_096


@dataclass(slots=True)
class Tally:
    """Single predictions asked of one version since the start: `answered` by the place of their bucket, and the others.

    `refused`: for what the request holds (4xx). `failed`: for what the service lacks (5xx).
    """

    answered: list[int] = field(default_factory=lambda: [0] * PLACES)
    refused: int = 0
    failed: int = 0

    def copied(self) -> "Tally":
        return Tally(self.answered.copy(), self.refused, self.failed)


class Counters:
    """Written by the event loop alone. Latencies are kept for the last 4,096 single predictions of each model."""

    def __init__(self, models: Iterable[str]) -> None:
        self.requests = 0
        self.straight = 0
        self.errors: Counter[int] = Counter()
        self.predictions: dict[str, int] = dict.fromkeys(models, 0)
        self.log_waits = 0
        self.nanoseconds: dict[str, deque[int]] = {model: deque(maxlen=RECENT) for model in self.predictions}
        self._tallies: dict[tuple[str, int], Tally] = {}

    def answered(self, model: str, version: int, nanoseconds: int) -> None:
        """Note how long a single prediction took."""
        self.nanoseconds[model].append(nanoseconds)
        try:
            tally = self._tallies[model, version]
        except KeyError:
            tally = self._tally(model, version)
        tally.answered[bisect_left(MOST_NANOSECONDS, nanoseconds)] += 1

    def not_answered(self, model: str, version: int, status: int) -> None:
        """Note a single prediction that was asked for and got an error; version 0 where none is loaded."""
        tally = self._tally(model, version)
        if status < 500:
            tally.refused += 1
        else:
            tally.failed += 1

    def tallies(self) -> dict[tuple[str, int], Tally]:
        """By model and version, as they stand: from any thread, while the event loop goes on counting."""
        return {key: tally.copied() for key, tally in list(self._tallies.items())}

    def latency_ms(self, model: str) -> dict[str, float | int | None]:
        """Median and 99th percentile in milliseconds, from the request's body to the answer; None before the first."""
        recent = self.nanoseconds[model]
        if not recent:
            return {"requests": 0, "p50_ms": None, "p99_ms": None}
        p50, p99 = np.percentile(np.fromiter(recent, dtype=np.int64), (50, 99)) / 1e6
        return {"requests": len(recent), "p50_ms": round(float(p50), 4), "p99_ms": round(float(p99), 4)}

    def _tally(self, model: str, version: int) -> Tally:
        return self._tallies.setdefault((model, version), Tally())


# Name, type and help of a metric, and its values by label set.
Metric = tuple[str, str, str, Mapping[str, float]]


def prometheus_text(metrics: Iterable[Metric]) -> str:
    """The text format of Prometheus; label sets are given ready to print, like `model="sms_spam"`, or empty."""
    lines: list[str] = []
    for name, kind, explanation, values in metrics:
        lines += [f"# HELP {name} {explanation}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values.items()]
    return "\n".join(lines) + "\n"
