"""Reads the prediction log: the next unread window, the newest one, what was labelled; keeps the reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Engine, FromClause, ScalarSelect, Select, and_, func, insert, select

from pipeline.records import LabelledPrediction
from pipeline.store.engine import snapshot, writing
from pipeline.store.newest_labels import BY_ARRIVAL, BY_TIME, newest_labels
from pipeline.store.telemetry import labelled_prediction, labels, predictions, with_its_label
from pipeline.store.telemetry import reports as report_table


@dataclass(frozen=True, kw_only=True)
class Window:
    """Predictions in the order of the log. An empty window has no times; its ends are where reading began."""

    from_seq: int
    to_seq: int
    predictions: tuple[LabelledPrediction, ...]
    first_at: datetime | None
    last_at: datetime | None

    def __len__(self) -> int:
        return len(self.predictions)

    @property
    def labelled(self) -> tuple[LabelledPrediction, ...]:
        return tuple(prediction for prediction in self.predictions if prediction.label is not None)


@dataclass(frozen=True, kw_only=True)
class StoredReport:
    """A monitoring report as it was kept. `generation` is the promotion that its window belongs to."""

    seq: int
    model: str
    generation: int
    scheduled: bool
    from_seq: int
    to_seq: int
    at: datetime
    body: dict[str, Any]


def read_window(
    telemetry: Engine,
    *,
    model: str,
    version: int,
    after_seq: int,
    rows: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Window:
    """The next window: up to `rows` answers of that version after `after_seq`, the oldest first: windows are disjoint.

    `since` leaves out what the version answered before that time: after a roll back, its earlier service. `until` makes
    it a window by time, of at most `rows` answers: as many as were given before that time, in the order of the log.
    Where clocks disagree or rows are written late, some belong to another hour then, but each is read exactly once.
    """
    wanted = [predictions.c.model == model, predictions.c.version == version, predictions.c.seq > after_seq]
    if since is not None:
        wanted.append(predictions.c.at >= since)
    query = _joined(and_(*wanted)).order_by(predictions.c.seq).limit(rows)
    found = _labelled(telemetry, query)
    if until is not None:
        found = found[: sum(entry.record.at < until for entry in found)]
    return _window(found, after_seq)


def latest_window(telemetry: Engine, *, model: str, version: int, rows: int, since: datetime | None = None) -> Window:
    """The newest `rows` answers of that version, read before or not: for manual checks, which use no window up.

    `since` leaves out what among them was answered before that time.
    """
    wanted = and_(predictions.c.model == model, predictions.c.version == version)
    query = _joined(wanted).order_by(predictions.c.seq.desc()).limit(rows)
    found = _labelled(telemetry, query)[::-1]
    # Left out here, not by the query: where all is older, the query would read the whole log for nothing.
    return _window([entry for entry in found if since is None or entry.record.at >= since], 0)


def labelled_since(
    telemetry: Engine, *, model: str, after: datetime | None, limit: int
) -> tuple[LabelledPrediction, ...]:
    """The newest `limit` predictions of any version whose label arrived after that time, the oldest label first."""
    given = None if after is None else labels.c.at > after
    with snapshot(telemetry) as connection:
        found = newest_labels(connection, model, *predictions.c, order=BY_TIME, given=given, page=limit)
        newest = [with_its_label(label, row) for label, row in islice(found, limit)]
    return tuple(newest[::-1])


def count_labelled(telemetry: Engine, *, model: str, after: datetime | None, most: int) -> int:
    """How many predictions of a model were labelled after that time, counted up to `most`, so that the cost of a look
    ends there. Each prediction counts once; a label whose prediction is not written yet waits.
    """
    given = None if after is None else labels.c.at > after
    order = BY_ARRIVAL if after is None else BY_TIME
    with snapshot(telemetry) as connection:
        found = newest_labels(connection, model, order=order, given=given, page=most)
        return sum(1 for _ in islice(found, most))


def _joined(wanted: ColumnElement[bool]) -> Select[Any]:
    """Predictions with the newest label of each, found by the index of labels."""
    newest = labels.alias("newest")
    with_label = predictions.outerjoin(newest, newest.c.seq == _newest_label(predictions))
    return select(predictions, *_label_columns(newest)).select_from(with_label).where(wanted)


def _label_columns(of: FromClause) -> tuple[ColumnElement[Any], ...]:
    return of.c.label, of.c.at.label("labelled_at"), of.c.source.label("label_source")


def _newest_label(of: FromClause) -> ScalarSelect[int]:
    """The number of the newest label for the `prediction_id` of a table."""
    arrived = labels.alias("arrived")
    newest = select(func.max(arrived.c.seq)).where(arrived.c.prediction_id == of.c.prediction_id)
    return newest.correlate(of).scalar_subquery()


def _labelled(telemetry: Engine, query: Select[Any]) -> tuple[LabelledPrediction, ...]:
    with telemetry.connect() as connection:
        return tuple(labelled_prediction(row) for row in connection.execute(query))


def _window(found: Sequence[LabelledPrediction], start: int) -> Window:
    if not found:
        return Window(from_seq=start, to_seq=start, predictions=(), first_at=None, last_at=None)
    first, last = found[0].record, found[-1].record
    return Window(
        from_seq=first.seq or start,
        to_seq=last.seq or start,
        predictions=tuple(found),
        first_at=first.at,
        last_at=last.at,
    )


def last_look(telemetry: Engine, *, model: str, generation: int) -> int:
    """Where the last scheduled look of that generation ended; before its first one, that of the generations before.

    0 when nobody has looked yet. Manual checks do not count.
    """
    ends = report_table.c
    query = (
        select(ends.to_seq)
        .where(ends.model == model, ends.generation <= generation, ends.scheduled == 1)
        .order_by(ends.seq.desc())
        .limit(1)
    )
    with telemetry.connect() as connection:
        return connection.execute(query).scalar() or 0


def save_report(
    telemetry: Engine,
    *,
    model: str,
    generation: int,
    scheduled: bool,
    window: Window,
    at: datetime,
    body: dict[str, Any],
) -> int:
    """Keep a report and return its number. A scheduled one uses its window up."""
    row = {
        "model": model,
        "generation": generation,
        "scheduled": int(scheduled),
        "from_seq": window.from_seq,
        "to_seq": window.to_seq,
        "at": at,
        "body": body,
    }
    with writing(telemetry).begin() as connection:
        written = connection.execute(insert(report_table).values(**row)).inserted_primary_key
    return int(written[0]) if written else 0


def reports(telemetry: Engine, *, model: str, limit: int, before_seq: int | None = None) -> tuple[StoredReport, ...]:
    """The newest `limit` reports of a model, newest first; the last number of a page as `before_seq` gives the next."""
    query = select(report_table).where(report_table.c.model == model)
    if before_seq is not None:
        query = query.where(report_table.c.seq < before_seq)
    return _stored(telemetry, query, limit)


def scheduled_reports(telemetry: Engine, *, model: str, generation: int, limit: int) -> tuple[StoredReport, ...]:
    """The reports of the newest `limit` scheduled looks of one promotion, newest first."""
    of = report_table.c
    query = select(report_table).where(of.model == model, of.scheduled == 1, of.generation == generation)
    return _stored(telemetry, query, limit)


def has_report(telemetry: Engine, *, model: str, scheduled: bool, to_seq: int, decision_id: str) -> bool:
    """Whether the report of a decision about the window with that end is kept already."""
    of = report_table.c
    query = select(of.body).where(of.model == model, of.scheduled == int(scheduled), of.to_seq == to_seq)
    with telemetry.connect() as connection:
        return any(body.get("decision_id") == decision_id for body in connection.execute(query).scalars())


def _stored(telemetry: Engine, query: Select[Any], limit: int) -> tuple[StoredReport, ...]:
    with telemetry.connect() as connection:
        found = connection.execute(query.order_by(report_table.c.seq.desc()).limit(limit)).all()
    return tuple(StoredReport(**(dict(row._mapping) | {"scheduled": bool(row.scheduled)})) for row in found)
