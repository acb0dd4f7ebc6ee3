"""Reading labelled rows and giving each a fixed home, so that nothing that is judged on was ever trained on."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import DataCorruptError
from pipeline.records import Row, RowInput
from pipeline.spec import LoadedData

HOLDOUT_SHARE = 0.20
LIVE_SHARE = 0.25
JUDGE_SHARE = 0.50

_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")


class Home(StrEnum):
    """Where a row of the base data lives, for ever."""

    TRAIN = "train"
    HOLDOUT = "frozen_holdout"
    LIVE = "live_pool"


@dataclass(frozen=True, kw_only=True)
class Homes:
    """The base data after de-duplication, one tuple of rows per home."""

    train: tuple[Row, ...]
    holdout: tuple[Row, ...]
    live: tuple[Row, ...]
    source: str
    source_sha256: str
    rows_read: int
    duplicates: int

    def digests(self) -> dict[str, str]:
        return {
            Home.TRAIN: rows_sha256(self.train),
            Home.HOLDOUT: rows_sha256(self.holdout),
            Home.LIVE: rows_sha256(self.live),
        }


def parse_tab_separated(raw: bytes, labels: tuple[str, str]) -> tuple[Row, ...]:
    """Rows of `label TAB text` lines in UTF-8.

    Quotes are text: CSV quoting would swallow messages. Raises DataCorruptError.
    """
    try:
        lines = raw.decode("utf-8").split("\n")  # not splitlines: it also cuts at characters inside messages
    except UnicodeDecodeError as error:
        raise DataCorruptError(
            f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again."
        ) from error
    return tuple(_parse_line(number, line, labels) for number, line in enumerate(lines, 1) if line.strip())


def _parse_line(number: int, line: str, labels: tuple[str, str]) -> Row:
    label, tab, text = line.partition("\t")
    if not tab or label.strip().lower() not in labels or not text.strip():
        raise DataCorruptError(
            f"Line {number} is not `label TAB text` with a label of {' or '.join(labels)}: {line[:40]!r}"
        )
    return Row(text, labels.index(label.strip().lower()))


def text_key(text: str) -> str:
    """What makes two texts duplicates: the same letters and digits, whatever case, spacing and punctuation."""
    return _NOT_LETTER_OR_DIGIT.sub("", text.lower()) or text.strip()


def group_key(row_input: RowInput) -> str:
    """What makes two rows near-duplicates, which share a home and a fold: text with its digits masked, or the very
    numbers.
    """
    if isinstance(row_input, str):
        return _DIGIT.sub("0", text_key(row_input))
    return ",".join(repr(value) for value in row_input)


def home_of(row_input: RowInput) -> Home:
    """The home of a row, from the first 64 bits of the sha256 of its group key: it never changes, whatever else is in
    the data.
    """
    place = _fraction(row_input, 0)
    if place < HOLDOUT_SHARE:
        return Home.HOLDOUT
    return Home.LIVE if place < HOLDOUT_SHARE + LIVE_SHARE else Home.TRAIN


def judges(row_input: RowInput) -> bool:
    """Whether a labelled production row belongs to the rolling judge set, which no training sees; from the next 64
    bits.
    """
    return _fraction(row_input, 8) < JUDGE_SHARE


def _fraction(row_input: RowInput, offset: int) -> float:
    digest = hashlib.sha256(group_key(row_input).encode()).digest()
    return int.from_bytes(digest[offset : offset + 8], "big") / 2**64


def deduplicate(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows without repeats, each in the place of its first appearance; numeric rows repeat only when all numbers
    agree.
    """
    seen: dict[str, Row] = {}
    for row in rows:
        seen.setdefault(text_key(row.input) if isinstance(row.input, str) else group_key(row.input), row)
    return tuple(seen.values())


def assign_homes(data: LoadedData) -> Homes:
    """De-duplicate and split the base data by home."""
    unique = deduplicate(data.rows)
    split: dict[Home, list[Row]] = {home: [] for home in Home}
    for row in unique:
        split[home_of(row.input)].append(row)
    return Homes(
        train=tuple(split[Home.TRAIN]),
        holdout=tuple(split[Home.HOLDOUT]),
        live=tuple(split[Home.LIVE]),
        source=data.source,
        source_sha256=data.sha256,
        rows_read=len(data.rows),
        duplicates=len(data.rows) - len(unique),
    )


def rows_sha256(rows: Sequence[Row]) -> str:
    """A digest over every row, in order: label, unit separator, input, record separator."""
    digest = hashlib.sha256()
    for row in rows:
        text = row.input if isinstance(row.input, str) else group_key(row.input)
        digest.update(f"{row.label}\x1f{text}\x1e".encode())
    return digest.hexdigest()
