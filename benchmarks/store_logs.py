"""A year of a prediction log, of any number of rows, written by SQL alone: through Python it would take too long.

Nine in ten answers are of one model, whose version 1 gave the first two thousand and version 2 all that followed; the
others are of a rare model that nobody labels but at the start. Each tenth answer has a label, and each thousandth ends
a window with its report.
"""

from datetime import UTC, datetime
from time import perf_counter

from sqlalchemy import Engine, text

from pipeline.store.engine import writing

MODEL, RARE = "sms_spam", "sentiment"
START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_SECONDS = 365 * 24 * 3600
EVERY_LABEL = 10
CHUNK = 1_000_000

# Ids grow with time, as the service makes them.
PREDICTIONS = """
INSERT INTO predictions (prediction_id, model, version, slot, at, input, prediction, score)
SELECT {id}, CASE WHEN place % 10 = 5 THEN 'sentiment' ELSE 'sms_spam' END,
    CASE WHEN place < 2000 THEN 1 ELSE 2 END, 'champion', {at},
    '"message ' || place || ' of customer ' || (place % 977) || ' who writes about as much as people do in word'
        || (place % 1999) || '"', 0, 0.1
FROM {places}
"""
LABELS = """
INSERT INTO labels (prediction_id, model, label, source, at)
SELECT {id}, CASE WHEN place % 10 = 5 THEN 'sentiment' ELSE 'sms_spam' END, 0, 'bench', {at}
FROM {places} WHERE place % 10 = 0 OR (place % 10 = 5 AND place < 1000)
"""
REPORTS = """
INSERT INTO reports (model, generation, scheduled, from_seq, to_seq, at, body)
SELECT 'sms_spam', 1, CASE WHEN place % 2000 = 0 THEN 1 ELSE 0 END, place, place + 1000, {at}, {body}
FROM {places} WHERE place % 1000 = 0
"""
# About as long as a report is.
BODY = '{"drift": {"vocabulary_drift": 0.05, "explanation": "' + "words " * 400 + '"}}'
SQLITE = {
    "id": "printf('%032x', place)",
    "at": "strftime('%Y-%m-%d %H:%M:%f000', :start + place * :step, 'unixepoch')",
    "body": ":body",
    "places": "row",
}
SQLITE_PLACES = (
    "WITH RECURSIVE row(place) AS (SELECT :first UNION ALL SELECT place + 1 FROM row WHERE place + 1 < :last)"
)
POSTGRESQL = {
    "id": "lpad(to_hex(place), 32, '0')",
    "at": "to_timestamp(:start + place * :step)",
    "body": "CAST(:body AS json)",
    "places": "generate_series(CAST(:first AS bigint), CAST(:last AS bigint) - 1) AS place",
}


def fill(engine: Engine, rows: int) -> float:
    """Write a log of so many rows; the seconds that it took."""
    began = perf_counter()
    for first in range(0, rows, CHUNK):
        values = {"first": first, "last": min(first + CHUNK, rows), "start": START.timestamp(), "body": BODY}
        values["step"] = YEAR_SECONDS / rows
        with writing(engine).begin() as connection:
            for statement in (PREDICTIONS, LABELS):
                connection.execute(text(_sql(engine, statement)), values)
    with writing(engine).begin() as connection:  # last: a log with reports is whole
        connection.execute(text(_sql(engine, REPORTS)), values | {"first": 0, "last": rows})
    if engine.dialect.name == "sqlite":
        return perf_counter() - began  # nobody gathers statistics there: the queries must do without
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return perf_counter() - began


def _sql(engine: Engine, statement: str) -> str:
    if engine.dialect.name == "sqlite":
        return f"{SQLITE_PLACES} {statement.format(**SQLITE)}"
    return statement.format(**POSTGRESQL)
