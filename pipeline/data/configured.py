"""Training data that a deployment names: a file by path or URL, a SQL query, the store's own labelled predictions."""

import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pipeline.data.homes import judges, read_tab_separated, rows_sha256
from pipeline.data.sources import Fetched, fetch_first, local_file, web_file
from pipeline.errors import DataCorruptError, InputError
from pipeline.labels.feedback import labelled_rows
from pipeline.records import Row, RowInput
from pipeline.settings import DataFrom, PipelineSettings
from pipeline.spec import LONGEST_SHOWN, LoadedData, ModelSpec, NumericInput, Rejected
from pipeline.store.open import Store

Records = Iterable[Any]
LABEL = "label"


def configured_data(spec: ModelSpec, settings: PipelineSettings, store: Store | None, source: DataFrom) -> LoadedData:
    """The rows of one named source. Raises DataUnavailableError, DataCorruptError, InputError."""
    if source.store:
        return _from_store(spec, store)
    if source.sql:
        return _from_query(spec, source)
    fetched, name = _fetched(spec, settings, source)
    return _from_file(spec, fetched, name)


def _fetched(spec: ModelSpec, settings: PipelineSettings, source: DataFrom) -> tuple[Fetched, str]:
    if source.path is not None:
        file = local_file(source.path, source.sha256, f"the file configured for {spec.name}")
        name = source.path.name
    else:
        parts = urlsplit(str(source.url))
        # A query may carry a key, and this name goes into records.
        shown = f"the address {parts.scheme}://{parts.hostname}{parts.path}"
        file = web_file(str(source.url), str(source.sha256), settings.download_timeout_seconds, shown)
        name = parts.path
    return fetch_first([file], settings.data_dir / spec.name), name


def _from_file(spec: ModelSpec, fetched: Fetched, name: str) -> LoadedData:
    """CSV with a header, JSON lines or Parquet; for text also `label TAB text` lines."""
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in ("tsv", "txt"):
        rows, rejected = read_tab_separated(fetched.content, spec.labels)
    else:
        rows, rejected = read_records(spec, _records(fetched.content, ending, fetched.source))
    return LoadedData(rows=rows, source=fetched.source, sha256=fetched.sha256, rejected=rejected)


def _records(content: bytes, ending: str, source: str) -> Records:
    import pandas

    try:
        if ending == "csv":
            return _dicts(pandas.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False))
        if ending in ("jsonl", "ndjson"):
            # Not splitlines: it also cuts at characters inside messages.
            return [_of_line(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()]
        if ending == "parquet":
            return _dicts(pandas.read_parquet(io.BytesIO(content)))
    except (ValueError, OSError) as error:
        raise DataCorruptError(f"{source} cannot be read as {ending}: {error}") from error
    raise InputError(f"{source} ends in .{ending}; write .csv, .jsonl, .parquet, or .tsv for `label TAB text` lines.")


def _of_line(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line


def _dicts(table: Any) -> Records:
    records: Records = table.to_dict("records")
    return records


def _from_query(spec: ModelSpec, source: DataFrom) -> LoadedData:
    # Imported here: other sources need no database.
    from pipeline.data.query import query_records

    assert source.database is not None
    records = query_records(spec.name, source.database.get_secret_value(), str(source.sql))
    rows, rejected = read_records(spec, records)
    return LoadedData(rows=rows, source="a SQL query", sha256=rows_sha256(rows), rejected=rejected)


def _from_store(spec: ModelSpec, store: Store | None) -> LoadedData:
    if store is None:
        raise InputError(f"The labelled predictions of {spec.name} are in the store, and this command opens none.")
    found = labelled_rows(store.telemetry, spec.name, spec.retraining.max_production_rows)
    labelled = [Row(entry.record.input, entry.label) for entry in reversed(found) if entry.label is not None]
    rows = tuple(row for row in labelled if not judges(row.input))  # those are seen by no training
    return LoadedData(rows=rows, source="the store's labelled predictions", sha256=rows_sha256(rows))


def read_records(spec: ModelSpec, records: Records) -> tuple[tuple[Row, ...], tuple[Rejected, ...]]:
    """Rows of records with a `label` and the text under the model's field, or its features by name or as a list."""
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for place, record in enumerate(records, 1):
        try:
            rows.append(_row(spec, record))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            rejected.append(Rejected(place=f"record {place}", content=_shown(record), reason=reason))
    return tuple(rows), tuple(rejected)


def _row(spec: ModelSpec, record: Any) -> Row:
    if not isinstance(record, Mapping):
        raise ValueError("the record is no object of fields and values")
    return Row(_input(spec, record), _label(spec, record))


def _shown(record: Any) -> str:
    return json.dumps(dict(record) if isinstance(record, Mapping) else record, default=str)[:LONGEST_SHOWN]


def _label(spec: ModelSpec, record: Mapping[str, Any]) -> int:
    given = record[LABEL]
    if isinstance(given, str) and given.strip() not in ("0", "1"):
        if given.strip().lower() not in spec.labels:
            raise ValueError(f"the label is neither {' nor '.join(spec.labels)}")
        return spec.label_index(given)
    number = float(given)
    if number not in (0.0, 1.0):
        raise ValueError(f"the label is neither {' nor '.join(spec.labels)}")
    return int(number)


def _input(spec: ModelSpec, record: Mapping[str, Any]) -> RowInput:
    if not isinstance(spec.input, NumericInput):
        text = record[spec.input.field] if spec.input.field in record else record["text"]
        if not isinstance(text, str):
            raise ValueError("the text is no string")
        return text
    names = spec.input.features
    given: Sequence[Any] = record["features"] if "features" in record else [record[name] for name in names]
    if isinstance(given, str | Mapping):
        raise ValueError("the features are no list of numbers")
    return tuple(_number(name, value) for name, value in zip(names, given, strict=True))


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is no number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is no finite number")
    return number
