"""The two databases, opened and migrated, as one value to pass around."""

from dataclasses import dataclass

from sqlalchemy import Engine

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
    """Open both databases at their newest schema. Raises StoreError when one cannot be opened or is too new."""
    store = Store(telemetry=open_engine(settings.telemetry_address), control=open_engine(settings.control_address))
    ensure_schema(store.telemetry, "telemetry", settings.root)
    ensure_schema(store.control, "control", settings.root)
    return store
