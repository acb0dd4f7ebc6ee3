"""Finds the labels of a model that count, newest first, page by page: each page costs the same however long the log is.

One statement for all of it leaves the order of the tables to the database, and PostgreSQL then reads the whole log:
it cannot know that each label leads to one prediction of the same model. Here every statement has one index to use.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, func, literal, select, tuple_

from pipeline.store.telemetry import labels, labels_of, of_model, predictions

# SQLite takes a bounded number of variables in one statement.
LOOKUP_BATCH = 500

BY_ARRIVAL = (labels.c.seq,)
BY_TIME = (labels.c.at, labels.c.seq)


def newest_labels(
    connection: Connection,
    model: str,
    *columns: ColumnElement[Any],
    order: tuple[Column[Any], ...] = BY_ARRIVAL,
    given: ColumnElement[bool] | None = None,
    page: int = LOOKUP_BATCH,
) -> Iterator[tuple[Row[Any], Row[Any]]]:
    """The newest label of each prediction of the model, with those columns of the prediction, newest first in `order`.

    `given` leaves out labels, but none of them comes back for being out of sight: a prediction whose newest label is
    left out is left out. `page` is how many labels are read at once; about as many as are wanted is best. A label whose
    prediction is not written yet, or is no longer kept, is passed over. Read within one `snapshot`.
    """
    parts = [part if given is None else part & given for part in labels_of(labels, model)]
    streams = [_pages(connection, part, order, max(page, LOOKUP_BATCH)) for part in parts]
    newest_first = merge(*streams, key=lambda label: tuple(label._mapping[column] for column in order), reverse=True)
    while some := list(islice(newest_first, LOOKUP_BATCH)):
        answered = _answered(connection, model, [label.prediction_id for label in some], columns)
        for label in some:
            row = answered.get(label.prediction_id)
            if row is not None and row.newest_label == label.seq:
                yield label, row


def _pages(
    connection: Connection, part: ColumnElement[bool], order: tuple[Column[Any], ...], rows: int
) -> Iterator[Row[Any]]:
    """All labels of one part, newest first; a page begins where the one before it ended."""
    query = select(labels).where(part).order_by(*(column.desc() for column in order)).limit(rows)
    page: Sequence[Row[Any]] = connection.execute(query).all()
    while page:
        yield from page
        if len(page) < rows:
            return
        last = [literal(page[-1]._mapping[column], column.type) for column in order]
        page = connection.execute(query.where(tuple_(*order) < tuple_(*last))).all()


def _answered(
    connection: Connection, model: str, prediction_ids: list[str], columns: Sequence[ColumnElement[Any]]
) -> dict[str, Row[Any]]:
    """Those columns of the predictions that are written, by id, with the number of the newest label of each."""
    arrived = labels.alias("arrived")
    newest = (
        select(func.max(arrived.c.seq))
        .where(arrived.c.prediction_id == predictions.c.prediction_id)
        .correlate(predictions)
        .scalar_subquery()
    )
    query = select(predictions.c.prediction_id.label("id"), newest.label("newest_label"), *columns).where(
        predictions.c.prediction_id.in_(prediction_ids), of_model(predictions, model)
    )
    return {row.id: row for row in connection.execute(query)}
