"""How long a model's answers took over time: percentiles of the sums of what every process counted, never of means."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.control_plane.views.series import moves_between
from agent.record.canonical import to_plain
from pipeline.monitoring.latency import added, percentile_ms
from pipeline.records import version_tag
from pipeline.store.latencies import HOUR, MINUTE, Latencies, latencies_of
from pipeline.store.open import Store

# Up to so long a time is read minute by minute, a longer one by the hour.
READ_BY_MINUTE = timedelta(days=2)
# What a point may stand for, in rows: 1 to 30 minutes, or 1 hour to 30 days.
STEPS = (1, 2, 3, 5, 6, 10, 12, 15, 24, 30, 48, 120, 240, 720)


def latency(store: Store, model: str, *, since: datetime, until: datetime, most: int) -> dict[str, Any]:
    """Requests and latencies between two times in about `most` points at most, oldest first, and of each version."""
    seconds, step = resolution(until - since, most)
    begin = _floor(since, step)
    rows = list(latencies_of(store.telemetry, model, seconds=seconds, since=begin, until=until))
    by_step: dict[datetime, list[Latencies]] = defaultdict(list)
    by_version: dict[int, list[Latencies]] = defaultdict(list)
    for row in rows:
        by_step[_floor(row.at, step)].append(row)
        by_version[row.version].append(row)
    found: dict[str, Any] = to_plain(
        {
            "model": model,
            "since": begin,
            "until": until,
            "step_seconds": step,
            "row_seconds": seconds,
            "points": [
                {"at": at, **_measured(some), "worst_p99_ms": _worst(some)} for at, some in sorted(by_step.items())
            ],
            "versions": [_of_version(version, some) for version, some in sorted(by_version.items())],
            "moves": moves_between(store.control, model, since, until),
        }
    )
    return found


def resolution(span: timedelta, most: int) -> tuple[int, int]:
    """How many seconds a row lasts that is read for such a span, and how many a point stands for."""
    seconds = MINUTE if span <= READ_BY_MINUTE else HOUR
    rows = span.total_seconds() / seconds
    return seconds, seconds * next((step for step in STEPS if rows <= step * most), STEPS[-1])


def _measured(rows: Sequence[Latencies]) -> dict[str, float | None]:
    buckets = added(row.buckets for row in rows)
    return {
        "requests": sum(row.requests for row in rows),
        "refused": sum(row.refused for row in rows),
        "failed": sum(row.failed for row in rows),
        "p50_ms": percentile_ms(buckets, 0.5),
        "p99_ms": percentile_ms(buckets, 0.99),
    }


def _worst(rows: Sequence[Latencies]) -> float | None:
    """Of the slowest minute or hour of one process: in the sum of many a bad one may not show."""
    known = [value for row in rows if (value := percentile_ms(row.buckets, 0.99)) is not None]
    return max(known, default=None)


def _of_version(version: int, rows: Sequence[Latencies]) -> Mapping[str, Any]:
    return {"version": version_tag(version) if version else None, **_measured(rows)}


def _floor(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
