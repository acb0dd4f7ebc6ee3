"""The two databases, opened and migrated, as one value to pass around."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pipeline.errors import StoreError
from pipeline.settings import PipelineSettings
from pipeline.store.engine import open_engine
from pipeline.store.migrate import ensure_schema


@dataclass(frozen=True)
class Store:
    """`telemetry` takes the flood (predictions, labels, reports);

    `control` the few rows that must never wait for it.
    """

    telemetry: Engine
    control: Engine

    def close(self) -> None:
        self.telemetry.dispose()
        self.control.dispose()


def open_store(settings: PipelineSettings) -> Store:
    """Open both databases at their newest schema.

    Raises StoreError when one is away, has no driver, is too new, or when both names lead to one.
    """
    store = Store(telemetry=open_engine(settings.telemetry_address), control=open_engine(settings.control_address))
    try:
        for name, engine in (("telemetry", store.telemetry), ("control", store.control)):
            with _said_of(name):
                ensure_schema(engine, name, settings.root)
    except BaseException:
        store.close()
        raise
    return store


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    """Whatever a driver raises becomes a sentence that names the database, and nothing of its address."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        reason = getattr(cause, "sqlite_errorname", None) or type(cause).__name__
        raise StoreError(
            f"The {name} database cannot be opened ({reason}). Start it, or correct REFIT_{name.upper()}_URL or "
            "REFIT_HOME; python -m agent doctor looks at every connection."
        ) from None
