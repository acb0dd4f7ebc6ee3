"""A large prediction log in parts, rows that one task can read by itself, from a database or from Parquet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import func, select

from pipeline.errors import InputError
from pipeline.monitoring.window import Window, read_window
from pipeline.records import LabelledPrediction, PredictionRecord
from pipeline.store.engine import open_engine
from pipeline.store.telemetry import decode_input, predictions

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, kw_only=True)
class Part:
    """`rows` consecutive rows of a log, the first of which has the number `from_seq`."""

    number: int
    from_seq: int
    to_seq: int
    rows: int


class Log(Protocol):
    """The answers of one model. Logs are sent to workers, so they hold addresses and open them there."""

    def parts(self, model: str, version: int | None, rows: int) -> list[Part]:
        """All of them in order, of one version or of all; the last one may have fewer rows."""

    def window(self, model: str, version: int, part: Part) -> Window:
        """The answers of a version in a part, with their newest labels."""

    def inputs(self, model: str, part: Part) -> list[tuple[int, str, str]]:
        """(number, prediction id, stored input) of the answers of any version in a part."""


@dataclass(frozen=True)
class DatabaseLog:
    """The telemetry database by its URL, PostgreSQL or SQLite; each task reads the rows between two numbers."""

    url: str

    def parts(self, model: str, version: int | None, rows: int) -> list[Part]:
        table = predictions.c
        wanted = [table.model == model] + ([table.version == version] if version is not None else [])
        place = (func.row_number().over(order_by=table.seq) - 1).label("place")
        placed = select(table.seq, place).where(*wanted).subquery()
        part = (placed.c.place - placed.c.place % rows) / rows
        query = select(func.min(placed.c.seq), func.max(placed.c.seq), func.count()).group_by(part).order_by(part)
        engine = open_engine(self.url)
        with engine.connect() as connection:
            found = connection.execute(query).all()
        engine.dispose()
        return [Part(number=i, from_seq=row[0], to_seq=row[1], rows=row[2]) for i, row in enumerate(found)]

    def window(self, model: str, version: int, part: Part) -> Window:
        engine = open_engine(self.url)
        try:
            return read_window(engine, model=model, version=version, after_seq=part.from_seq - 1, rows=part.rows)
        finally:
            engine.dispose()

    def inputs(self, model: str, part: Part) -> list[tuple[int, str, str]]:
        table, engine = predictions.c, open_engine(self.url)
        inside = table.seq.between(part.from_seq, part.to_seq)
        query = select(table.seq, table.prediction_id, table.input).where(table.model == model, inside)
        with engine.connect() as connection:
            found = [(row.seq, row.prediction_id, row.input) for row in connection.execute(query.order_by(table.seq))]
        engine.dispose()
        return found


@dataclass(frozen=True)
class ParquetLog:
    """Predictions as `python -m pipeline retention` writes them: an archive, or any folder of such files."""

    folder: Path

    def parts(self, model: str, version: int | None, rows: int) -> list[Part]:
        """Only the numbers of the rows are read: 8 bytes each."""
        import numpy as np

        seqs = np.sort(self._table(model, ["seq"], _of(version)).column("seq").to_numpy())
        pieces = [seqs[start : start + rows] for start in range(0, len(seqs), rows)]
        return [
            Part(number=i, from_seq=int(piece[0]), to_seq=int(piece[-1]), rows=len(piece))
            for i, piece in enumerate(pieces)
        ]

    def window(self, model: str, version: int, part: Part) -> Window:
        found = tuple(_labelled(model, row) for row in self._rows(model, part, None, version))
        return Window(
            from_seq=part.from_seq,
            to_seq=part.to_seq,
            predictions=found,
            first_at=found[0].record.at if found else None,
            last_at=found[-1].record.at if found else None,
        )

    def inputs(self, model: str, part: Part) -> list[tuple[int, str, str]]:
        rows = self._rows(model, part, ["seq", "prediction_id", "input"], None)
        return [(row["seq"], row["prediction_id"], row["input"]) for row in rows]

    def _rows(self, model: str, part: Part, columns: list[str] | None, version: int | None) -> list[dict[str, Any]]:
        import pyarrow.dataset as ds

        inside = (ds.field("seq") >= part.from_seq) & (ds.field("seq") <= part.to_seq)
        of = _of(version)
        table = self._table(model, columns, inside if of is None else inside & of)
        rows: list[dict[str, Any]] = table.sort_by("seq").to_pylist()
        return rows

    def _table(self, model: str, columns: list[str] | None, wanted: Any) -> "pyarrow.Table":
        import pyarrow.dataset as ds

        archived = self.folder / "predictions" / f"model={model}"
        files = sorted((archived if archived.is_dir() else self.folder).rglob("*.parquet"))
        if not files:
            raise InputError(f"There are no Parquet files of {model} in {self.folder}.")
        return ds.dataset([str(file) for file in files], format="parquet").to_table(columns=columns, filter=wanted)


def _of(version: int | None) -> Any:
    import pyarrow.dataset as ds

    return None if version is None else ds.field("version") == version


def _labelled(model: str, row: Mapping[str, Any]) -> LabelledPrediction:
    newest = max(row["labels"] or (), key=lambda label: label["seq"], default=None)
    at: datetime = row["at"]
    record = PredictionRecord(
        prediction_id=row["prediction_id"],
        model=model,
        version=row["version"],
        slot=row["slot"],
        at=at,
        input=decode_input(row["input"]),
        prediction=row["prediction"],
        score=row["score"],
        seq=row["seq"],
    )
    return LabelledPrediction(
        record=record,
        label=newest["label"] if newest else None,
        labelled_at=newest["at"] if newest else None,
        label_source=newest["source"] if newest else None,
    )
