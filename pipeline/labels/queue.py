"""The label queue: which messages of the newest window are worth labelling, in order; as a list and as a sheet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from pipeline.checks import newest_window
from pipeline.errors import InputError
from pipeline.labels.feedback import LabelEntry
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE, labelling_order, risks_of
from pipeline.records import LabelledPrediction, Pointer, PredictionRecord
from pipeline.spec import ModelSpec

COLUMNS = ("prediction_id", "message", "label", "source")
# A cell that begins like this is run as a formula by spreadsheets; an apostrophe in front makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_ID, LONGEST_SOURCE = 40, 80


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """One prediction to label. `stratum` 0 is the riskiest part of the window; `p_correct` is what the answer lets
    expect, never more than a hint.
    """

    record: PredictionRecord
    stratum: int
    p_correct: float


@dataclass(frozen=True, kw_only=True)
class LabelQueue:
    """The first `items` of `waiting` different messages, of a window of `window` with `labelled` labels."""

    items: tuple[QueueItem, ...]
    waiting: int
    window: int
    labelled: int


def label_queue(
    telemetry: Engine, *, spec: ModelSpec, champion: Pointer, profile: Profile | None, limit: int, now: datetime
) -> LabelQueue:
    """The first `limit` messages worth labelling among the newest that the champion answered; repeats come once."""
    window = newest_window(telemetry, spec, champion, now=now)
    waiting = _in_order(profile, window.predictions) if len(window) else []
    return LabelQueue(
        items=tuple(waiting[:limit]), waiting=len(waiting), window=len(window), labelled=len(window.labelled)
    )


def _in_order(profile: Profile | None, predictions: Sequence[LabelledPrediction]) -> list[QueueItem]:
    risks = risks_of(profile, predictions)
    items: dict[str | tuple[float, ...], QueueItem] = {}
    for place in labelling_order(risks):
        record = predictions[place].record
        found = QueueItem(record=record, stratum=int(risks.strata[place]), p_correct=float(risks.p_correct[place]))
        items.setdefault(record.input, found)
    return list(items.values())


def queue_csv(queue: LabelQueue) -> str:
    """A sheet with an empty `label` column. The model's answer is left out: people would lean towards it."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for item in queue.items:
        writer.writerow([item.record.prediction_id, _cell(item.record.input), "", QUEUE_SOURCE])
    return sheet.getvalue()


def _cell(value: str | tuple[float, ...]) -> str:
    text = value if isinstance(value, str) else " ".join(map(repr, value))
    # Half of a surrogate pair cannot be written to a file; the column is for reading only.
    shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return f"'{shown}" if shown.startswith(FORMULA_STARTS) else shown


def labels_of_csv(text: str, spec: ModelSpec, *, source: str, at: datetime) -> list[LabelEntry]:
    """The labels of a sheet that has the columns `prediction_id` and `label`, separated by commas or semicolons.

    Rows without a label are left out; `source` is for rows that name none. Raises InputError that names the line.
    """
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    missing = {"prediction_id", "label"} - set(reader.fieldnames or ())
    if missing:
        raise InputError(f"The sheet has no column {' and '.join(sorted(missing))}; keep the first line of the export.")
    entries: list[LabelEntry] = []
    for row in reader:
        if (row["label"] or "").strip():
            entries.append(_entry(row, spec, source, at, reader.line_num))
    return entries


def _entry(row: dict[str, str | None], spec: ModelSpec, source: str, at: datetime, line: int) -> LabelEntry:
    prediction_id, given = (row["prediction_id"] or "").strip(), (row.get("source") or "").strip()
    if not 0 < len(prediction_id) <= LONGEST_ID:
        raise InputError(f"Line {line} of the sheet names no prediction; its id has 1 to {LONGEST_ID} characters.")
    try:
        label = spec.label_index(row["label"] or "")
    except ValueError as error:
        raise InputError(f"Line {line} of the sheet: {error}") from None
    return LabelEntry(prediction_id=prediction_id, label=label, source=(given or source)[:LONGEST_SOURCE], at=at)
