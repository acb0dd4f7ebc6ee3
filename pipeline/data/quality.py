"""Checks the rows that a model is to learn from with a pandera schema; bad rows are kept aside with their reasons.

Nothing is dropped silently: a rejected row is counted, written to the quarantine and named in the lineage, and a
training set that lost more than the model's set share stops the run.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import DataCorruptError
from pipeline.files import write_whole
from pipeline.records import Row
from pipeline.spec import LONGEST_SHOWN, ModelSpec, NumericInput, Rejected, TextInput

if TYPE_CHECKING:
    import pandas
    from pandera.pandas import DataFrameSchema

MOST_TOLD = 3


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The rows that passed, in their order, and those that did not."""

    rows: tuple[Row, ...]
    rejected: tuple[Rejected, ...]

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows were rejected for each reason, the most frequent first."""
        return dict(Counter(one.reason for one in self.rejected).most_common())


def schema_of(spec: ModelSpec) -> "DataFrameSchema":
    """The pandera schema of a model's training rows, from its input, its labels and its quality rules."""
    import pandera.pandas as pa

    label = pa.Column(int, pa.Check.isin([0, 1], error=f"the label is neither {' nor '.join(spec.labels)}"))
    if isinstance(spec.input, NumericInput):
        ranges = spec.quality.ranges
        columns = {
            name: pa.Column(float, _number_checks(name, ranges.get(name)), nullable=True)
            for name in spec.input.features
        }
        return pa.DataFrameSchema({**columns, "label": label})
    return pa.DataFrameSchema({"text": pa.Column(object, _text_checks(spec.input), nullable=True), "label": label})


def _text_checks(given: TextInput) -> list[Any]:
    import pandera.pandas as pa

    longest = given.max_chars
    return [
        pa.Check(_each(lambda text: isinstance(text, str)), error="the text is no string", ignore_na=False),
        pa.Check(_each(lambda text: not isinstance(text, str) or bool(text.strip())), error="the text is blank"),
        pa.Check(
            _each(lambda text: not isinstance(text, str) or len(text) <= longest),
            error=f"the text is longer than {longest} characters",
        ),
    ]


def _each(holds: Any) -> Any:
    return lambda column: column.map(holds).astype(bool)


def _number_checks(name: str, bounds: tuple[float, float] | None) -> list[Any]:
    import numpy as np
    import pandera.pandas as pa

    checks = [pa.Check(np.isfinite, error=f"{name} is no finite number", ignore_na=False)]
    if bounds:
        low, high = bounds
        words = f"{name} lies outside of {low:g} to {high:g}"
        checks.append(pa.Check.in_range(low, high, error=words))
    return checks


def check_rows(spec: ModelSpec, rows: Sequence[Row], where: str = "row") -> Checked:
    """Hold rows to the model's schema. A row of the wrong number of features is rejected before it becomes a table."""
    shaped = {place: row for place, row in enumerate(rows, 1) if _fits(spec, row)}
    reasons = dict.fromkeys(range(1, len(rows) + 1), "the row has another number of features")
    for place in shaped:
        del reasons[place]
    if shaped:
        reasons |= _failures(schema_of(spec), _table(spec, shaped))
    return Checked(
        rows=tuple(row for place, row in enumerate(rows, 1) if place not in reasons),
        rejected=tuple(
            Rejected(place=f"{where} {place}", content=_shown(rows[place - 1]), reason=reasons[place])
            for place in sorted(reasons)
        ),
    )


def _fits(spec: ModelSpec, row: Row) -> bool:
    if isinstance(spec.input, NumericInput):
        return isinstance(row.input, tuple) and len(row.input) == len(spec.input.features)
    return not isinstance(row.input, tuple)


def _table(spec: ModelSpec, rows: Mapping[int, Row]) -> "pandas.DataFrame":
    import pandas

    if isinstance(spec.input, NumericInput):
        inputs = [list(row.input) for row in rows.values()]
        table = pandas.DataFrame(inputs, columns=list(spec.input.features), index=list(rows), dtype=float)
    else:
        texts = pandas.Series([row.input for row in rows.values()], index=list(rows), dtype=object)
        table = pandas.DataFrame({"text": texts})
    return table.assign(label=[row.label for row in rows.values()])


def _failures(schema: "DataFrameSchema", table: "pandas.DataFrame") -> dict[int, str]:
    """The first reason against each row, by its place."""
    from pandera.errors import SchemaErrors

    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        unplaced = cases[cases["index"].isna()]
        if len(unplaced):
            raise DataCorruptError(f"The rows do not make a table: {unplaced.iloc[0]['check']}.") from None
        first = cases.drop_duplicates("index")
        return dict(zip(first["index"].astype(int), first["check"].astype(str), strict=True))
    return {}


def _shown(row: Row) -> str:
    return json.dumps([row.label, row.input], ensure_ascii=True)[:LONGEST_SHOWN]


def hold_to_share(spec: ModelSpec, kept: int, rejected: Sequence[Rejected], file: Path | None) -> None:
    """Raises DataCorruptError when more of the rows were lost than the model's rules allow."""
    total = kept + len(rejected)
    most = spec.quality.max_lost_share
    if total and len(rejected) / total <= most:
        return
    reasons = Counter(one.reason for one in rejected).most_common(MOST_TOLD)
    told = "; ".join(f"{count} times: {reason}" for reason, count in reasons) or "there are no rows"
    where = f" They are kept in {file}." if file else ""
    raise DataCorruptError(
        f"{len(rejected)} of {total} training rows of {spec.name} cannot be used, at most {most:.1%} may be lost. "
        f"{told}.{where} Correct the data, or raise max_lost_share in the model's file."
    )


def quarantine(folder: Path, model: str, rejected: Iterable[Rejected]) -> Path | None:
    """Keep rejected rows with their reasons, one JSON object a line, in a file named by its content; None for none."""
    lines = [json.dumps(asdict(one), ensure_ascii=True) for one in rejected]
    if not lines:
        return None
    content = ("\n".join(lines) + "\n").encode()
    path = folder / model / f"{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return path
