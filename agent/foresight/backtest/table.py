"""Reads past predictions of any model from a CSV file: time, what was predicted on, prediction, score, label."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import EvidenceFileError

# One message may be longer than the csv module's default of 128 KiB.
LONGEST_FIELD = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column holds what. Either `text` or `features` says what the predictions were made on."""

    time: str
    prediction: str
    text: str | None = None
    features: tuple[str, ...] = ()
    score: str | None = None
    label: str | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        named = (self.time, self.prediction, self.text, *self.features, self.score, self.label)
        return tuple(name for name in named if name)


@dataclass(frozen=True, slots=True)
class PastPrediction:
    """One row. `correct` is None without a label; a feature that is empty or no number is a NaN."""

    at: datetime
    input: str | tuple[float, ...]
    score: float | None
    correct: bool | None


def read_predictions(path: Path, columns: Columns) -> list[PastPrediction]:
    """All rows by time. Raises EvidenceFileError that names the file, the line and what to do."""
    if bool(columns.text) == bool(columns.features):
        raise EvidenceFileError("Say what was predicted on: either --text COLUMN or --features COLUMN,COLUMN.")
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = list(_rows(path, csv.DictReader(file), columns))
    except FileNotFoundError:
        raise EvidenceFileError(f"There is no file {path}. Name a CSV file of past predictions with --csv.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvidenceFileError(f"{path} cannot be read as CSV in UTF-8 ({type(error).__name__}: {error}).") from error
    if not found:
        raise EvidenceFileError(f"{path} holds no row below its header.")
    return sorted(found, key=lambda row: row.at)


def _rows(path: Path, reader: "csv.DictReader[str]", columns: Columns) -> Iterator[PastPrediction]:
    header: Sequence[str] = reader.fieldnames or ()
    missing = [name for name in columns.needed if name not in header]
    if missing:
        raise EvidenceFileError(f"{path} has no column {', '.join(missing)}; it has: {', '.join(header)}.")
    for row in reader:
        try:
            yield _row(row, columns)
        except ValueError as error:
            raise EvidenceFileError(f"{path}, line {reader.line_num}: {error}") from None


def _row(row: Mapping[str, str | None], columns: Columns) -> PastPrediction:
    prediction, label = _class(row[columns.prediction]), _class(row[columns.label]) if columns.label else ""
    if not prediction:
        raise ValueError(f"the prediction in column {columns.prediction} is empty.")
    return PastPrediction(
        at=parse_time(row[columns.time] or ""),
        input=(row[columns.text] or "") if columns.text else tuple(_number(row[name]) for name in columns.features),
        score=_known(_number(row[columns.score])) if columns.score else None,
        correct=prediction == label if label else None,
    )


def parse_time(value: str) -> datetime:
    """ISO 8601 (UTC where it names no zone) or seconds since 1970. Raises ValueError."""
    text = value.strip()
    try:
        at = datetime.fromtimestamp(float(text), UTC) if _is_number(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{value!r} is no time; write 2026-11-21T12:00:00 or seconds since 1970.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _class(value: str | None) -> str:
    """A class by its name, whatever its case; 1, 1.0 and "1" are one class."""
    text = (value or "").strip().lower()
    return f"{float(text):g}" if _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _number(value: str | None) -> float:
    text = (value or "").strip()
    return float(text) if _is_number(text) else float("nan")


def _known(value: float) -> float | None:
    return None if value != value else value
