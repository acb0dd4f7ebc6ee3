"""Writes and reads how long answers took: one row a minute, and one an hour, of each process and version."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, bindparam, delete, insert, select

from pipeline.monitoring.latency import Buckets, percentile_ms
from pipeline.store.engine import writing
from pipeline.store.telemetry import latencies as table

MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True, kw_only=True)
class Latencies:
    """What one process answered with one version in the minute or hour that began `at`. Version 0: none was loaded."""

    latency_id: str
    model: str
    version: int
    at: datetime
    seconds: int
    refused: int
    failed: int
    buckets: Buckets

    @property
    def requests(self) -> int:
        return sum(self.buckets.values()) + self.refused + self.failed


def save_latencies(telemetry: Engine, rows: Sequence[Latencies]) -> None:
    """Write rows in one transaction; one that is there already under its id is replaced, so a repeat changes nothing.

    Raises what the database raises; nothing is written then.
    """
    if not rows:
        return
    with writing(telemetry).begin() as connection:
        known = delete(table).where(table.c.latency_id == bindparam("known"))
        connection.execute(known, [{"known": row.latency_id} for row in rows])
        connection.execute(insert(table), [_stored(row) for row in rows])


def latencies_of(
    telemetry: Engine, model: str, *, seconds: int, since: datetime, until: datetime
) -> Iterator[Latencies]:
    """The rows of a model that last so many seconds and began between two times, oldest first."""
    wanted = (table.c.model == model, table.c.seconds == seconds, table.c.at >= since, table.c.at < until)
    columns = [table.c[name] for name in ("latency_id", "version", "at", "refused", "failed", "buckets")]
    with telemetry.connect() as connection:
        for row in connection.execute(select(*columns).where(*wanted).order_by(table.c.at, table.c.seq)):
            yield Latencies(
                latency_id=row.latency_id,
                model=model,
                version=row.version,
                at=row.at,
                seconds=seconds,
                refused=row.refused,
                failed=row.failed,
                buckets={int(index): number for index, number in json.loads(row.buckets).items()},
            )


def _stored(row: Latencies) -> dict[str, object]:
    return {
        "latency_id": row.latency_id,
        "model": row.model,
        "version": row.version,
        "at": row.at,
        "seconds": row.seconds,
        "requests": row.requests,
        "refused": row.refused,
        "failed": row.failed,
        "p50_ms": percentile_ms(row.buckets, 0.5),
        "p99_ms": percentile_ms(row.buckets, 0.99),
        "buckets": json.dumps(row.buckets, separators=(",", ":")),
    }
