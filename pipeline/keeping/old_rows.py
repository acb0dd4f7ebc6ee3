"""Walks the telemetry database for rows that are old enough to leave, and counts those that must stay all the same."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Table, func, select

from pipeline.keeping.rules import Age, Stay, why_it_stays
from pipeline.store.latencies import MINUTE
from pipeline.store.newest_labels import LOOKUP_BATCH
from pipeline.store.telemetry import labels, latencies, predictions, reports

READ_ROWS = 5_000
# Of each model: looks read the newest ones, and pages show them.
REPORTS_KEPT = 1_000

Row = dict[str, Any]


class OldRows:
    """Rows in the order of their numbers, read in pieces while they are walked over; `stayed` grows meanwhile."""

    def __init__(self, pieces: Callable[["OldRows"], Iterator[Sequence[Row]]]):
        self.stayed: Counter[str] = Counter()
        self._pieces = pieces

    def __iter__(self) -> Iterator[Row]:
        for piece in self._pieces(self):
            yield from piece


def old_predictions(telemetry: Engine, stays: Mapping[str, Stay], limit: datetime) -> OldRows:
    """Predictions before `limit` that may leave, each with its `labels`, as dicts of the columns.

    The walk ends at the first piece of the log without an old row: what was written late is found another time.
    """

    def pieces(walk: OldRows) -> Iterator[Sequence[Row]]:
        after, top = 0, _newest(telemetry)
        while read := _read(telemetry, after, top):
            after = read[-1]["seq"]
            given = _labels(telemetry, [row["prediction_id"] for row in read if row["at"] < limit])
            going = []
            for row in read:
                row["labels"] = given.get(row["prediction_id"], [])
                why = why_it_stays(_age(row), stays.get(row["model"]), limit)
                walk.stayed.update([why] if why and why != "young" else [])
                going += [] if why else [row]
            yield going
            if all(row["at"] >= limit for row in read):
                return

    return OldRows(pieces)


def old_reports(telemetry: Engine, limit: datetime) -> OldRows:
    """Reports before `limit` beside the newest REPORTS_KEPT of each model, and what a look begins at."""

    def pieces(walk: OldRows) -> Iterator[Sequence[Row]]:
        for model in _models(telemetry):
            kept = _oldest_kept(telemetry, model)
            wanted = (reports.c.model == model, reports.c.seq < kept, reports.c.at < limit)
            after = 0
            while True:
                query = select(reports).where(*wanted, reports.c.seq > after).order_by(reports.c.seq).limit(READ_ROWS)
                with telemetry.connect() as connection:
                    read = [dict(row) for row in connection.execute(query).mappings()]
                if not read:
                    break
                after = read[-1]["seq"]
                yield read

    return OldRows(pieces)


def old_latencies(telemetry: Engine, limit: datetime) -> OldRows:
    """Latencies by the minute from before `limit`; those by the hour are a sixtieth as many, and stay."""

    def pieces(walk: OldRows) -> Iterator[Sequence[Row]]:
        after, top = 0, _newest(telemetry, latencies)
        wanted = (latencies.c.seconds == MINUTE, latencies.c.at < limit, latencies.c.seq < top)
        while True:
            query = select(latencies).where(*wanted, latencies.c.seq > after).order_by(latencies.c.seq).limit(READ_ROWS)
            with telemetry.connect() as connection:
                read = [dict(row) for row in connection.execute(query).mappings()]
            if not read:
                return
            after = read[-1]["seq"]
            yield read

    return OldRows(pieces)


def _newest(telemetry: Engine, table: Table = predictions) -> int:
    with telemetry.connect() as connection:
        return connection.execute(select(func.max(table.c.seq))).scalar() or 0


def _read(telemetry: Engine, after: int, top: int) -> list[Row]:
    """The newest row of all stays: SQLite gives its number again once it is gone."""
    table = predictions
    query = select(table).where(table.c.seq > after, table.c.seq < top).order_by(table.c.seq).limit(READ_ROWS)
    with telemetry.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _labels(telemetry: Engine, prediction_ids: Sequence[str]) -> dict[str, list[Row]]:
    """All labels of some predictions, in the order in which they came."""
    found: dict[str, list[Row]] = defaultdict(list)
    with telemetry.connect() as connection:
        for start in range(0, len(prediction_ids), LOOKUP_BATCH):
            some = prediction_ids[start : start + LOOKUP_BATCH]
            query = select(labels).where(labels.c.prediction_id.in_(some)).order_by(labels.c.seq)
            for row in connection.execute(query).mappings():
                found[row["prediction_id"]].append({name: row[name] for name in ("seq", "label", "source", "at")})
    return found


def _age(row: Row) -> Age:
    newest = row["labels"][-1]["seq"] if row["labels"] else None
    return Age(seq=row["seq"], version=row["version"], at=row["at"], newest_label=newest)


def _models(telemetry: Engine) -> list[str]:
    with telemetry.connect() as connection:
        return sorted(connection.execute(select(reports.c.model).distinct()).scalars())


def _oldest_kept(telemetry: Engine, model: str) -> int:
    """The number of the oldest report that stays; the newest scheduled one tells where the next look begins."""
    mine = select(reports.c.seq).where(reports.c.model == model).order_by(reports.c.seq.desc())
    looked = (
        select(reports.c.seq)
        .where(reports.c.model == model, reports.c.scheduled == 1)
        .order_by(reports.c.to_seq.desc())
        .limit(1)
    )
    with telemetry.connect() as connection:
        newest = connection.execute(mine.limit(REPORTS_KEPT)).scalars().all()
        last_look = connection.execute(looked).scalar()
    return min([*newest, *([] if last_look is None else [last_look])], default=0)
