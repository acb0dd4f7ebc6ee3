"""Counts and latencies of this process, as plain numbers: a counter costs a tenth of a microsecond, a library forty."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping

import numpy as np

RECENT = 4_096


class Counters:
    """Written by the event loop alone. Latencies are kept for the last 4,096 single predictions of each model."""

    def __init__(self, models: Iterable[str]) -> None:
        self.requests = 0
        self.straight = 0
        self.errors: Counter[int] = Counter()
        self.predictions: dict[str, int] = dict.fromkeys(models, 0)
        self.log_waits = 0
        self.nanoseconds: dict[str, deque[int]] = {model: deque(maxlen=RECENT) for model in self.predictions}

    def answered(self, model: str, nanoseconds: int) -> None:
        """Note how long a single prediction took."""
        self.nanoseconds[model].append(nanoseconds)

    def latency_ms(self, model: str) -> dict[str, float | int | None]:
        """Median and 99th percentile in milliseconds, from the request's body to the answer; None before the first."""
        recent = self.nanoseconds[model]
        if not recent:
            return {"requests": 0, "p50_ms": None, "p99_ms": None}
        p50, p99 = np.percentile(np.fromiter(recent, dtype=np.int64), (50, 99)) / 1e6
        return {"requests": len(recent), "p50_ms": round(float(p50), 4), "p99_ms": round(float(p99), 4)}


# Name, type and help of a metric, and its values by label set.
Metric = tuple[str, str, str, Mapping[str, float]]


def prometheus_text(metrics: Iterable[Metric]) -> str:
    """The text format of Prometheus; label sets are given ready to print, like `model="sms_spam"`, or empty."""
    lines: list[str] = []
    for name, kind, explanation, values in metrics:
        lines += [f"# HELP {name} {explanation}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values.items()]
    return "\n".join(lines) + "\n"
