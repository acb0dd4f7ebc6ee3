"""The rows of a SQL query as records; the database that is asked stays as it is."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import DataUnavailableError


def query_records(model: str, address: str, sql: str) -> list[dict[str, Any]]:
    """Every row by its columns' names. Raises DataUnavailableError, without the address, which may hold a password."""
    try:
        # Not the store's own way to open one: that makes a file that is not there, and brings it into WAL mode.
        engine = _reading(address)
        try:
            with engine.connect() as connection:
                return [dict(row._mapping) for row in connection.execute(text(sql))]
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise DataUnavailableError(
            f"The query of {model} failed: {type(error).__name__}. Check it and its database."
        ) from None


def _reading(address: str) -> Engine:
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return create_engine(url)
    uri = f"{Path(url.database).absolute().as_uri()}?mode=ro"
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=30))
