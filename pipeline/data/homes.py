"""Reading labelled rows and giving each a fixed home, so that nothing that is judged on was ever trained on."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import DataCorruptError
from pipeline.records import Row, RowInput
from pipeline.spec import LONGEST_SHOWN, HomeShares, LoadedData, Rejected

DEFAULT_SHARES = HomeShares()
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
    """Rows of `label TAB text` lines in UTF-8. Raises DataCorruptError at the first line that is none."""
    rows, rejected = read_tab_separated(raw, labels)
    if rejected:
        raise DataCorruptError(f"{rejected[0].place} is not usable, {rejected[0].reason}: {rejected[0].content[:40]!r}")
    return rows


def read_tab_separated(raw: bytes, labels: tuple[str, str]) -> tuple[tuple[Row, ...], tuple[Rejected, ...]]:
    """Rows of `label TAB text` lines in UTF-8, and the lines that are none, with their reasons.

    Quotes are text: CSV quoting would swallow messages. Raises DataCorruptError for bytes that are not UTF-8.
    """
    try:
        lines = raw.decode("utf-8").split("\n")  # not splitlines: it also cuts at characters inside messages
    except UnicodeDecodeError as error:
        raise DataCorruptError(
            f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again."
        ) from error
    read = [_read_line(number, line, labels) for number, line in enumerate(lines, 1) if line.strip()]
    rows = tuple(one for one in read if isinstance(one, Row))
    return rows, tuple(one for one in read if isinstance(one, Rejected))


def _read_line(number: int, line: str, labels: tuple[str, str]) -> Row | Rejected:
    label, tab, text = line.partition("\t")
    if not tab or label.strip().lower() not in labels:
        reason = f"a line must be `label TAB text` with a label of {' or '.join(labels)}"
        return Rejected(place=f"Line {number}", content=line[:LONGEST_SHOWN], reason=reason)
    if not text.strip():
        return Rejected(place=f"Line {number}", content=line[:LONGEST_SHOWN], reason="the text is blank")
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


def home_of(row_input: RowInput, shares: HomeShares = DEFAULT_SHARES) -> Home:
    """The home of a row, from the first 64 bits of the sha256 of its group key: it never changes, whatever else is in
    the data.
    """
    place = spot(row_input, 0)
    if place < shares.holdout:
        return Home.HOLDOUT
    return Home.LIVE if place < shares.holdout + shares.live else Home.TRAIN


def judges(row_input: RowInput) -> bool:
    """Whether a labelled production row belongs to the rolling judge set, which no training sees; from the next 64
    bits.
    """
    return spot(row_input, 8) < JUDGE_SHARE


def spot(row_input: RowInput, offset: int) -> float:
    """A number from 0 to 1 that a row always gets, from 64 bits of the digest of its group key, `offset` bytes in."""
    digest = hashlib.sha256(_bytes(group_key(row_input))).digest()
    return int.from_bytes(digest[offset : offset + 8], "big") / 2**64


def deduplicate(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows without repeats, each in the place of its first appearance; numeric rows repeat only when all numbers
    agree.
    """
    seen: dict[str, Row] = {}
    for row in rows:
        seen.setdefault(row_key(row.input), row)
    return tuple(seen.values())


def row_key(row_input: RowInput) -> str:
    """What makes two rows repeats of each other."""
    return text_key(row_input) if isinstance(row_input, str) else group_key(row_input)


def assign_homes(data: LoadedData, shares: HomeShares = DEFAULT_SHARES) -> Homes:
    """De-duplicate and split the base data by home. An official test part is the frozen holdout as it is; rows that
    are near-duplicates of it are left out of the other homes.
    """
    unique = deduplicate(data.rows)
    official = None if data.holdout is None else deduplicate(data.holdout)
    split = _split(unique, shares) if official is None else _around(unique, official, shares)
    return Homes(
        train=tuple(split[Home.TRAIN]),
        holdout=tuple(split[Home.HOLDOUT]),
        live=tuple(split[Home.LIVE]),
        source=data.source,
        source_sha256=data.sha256,
        rows_read=len(data.rows) + len(data.holdout or ()),
        duplicates=len(data.rows) + len(data.holdout or ()) - sum(map(len, split.values())),
    )


def _split(rows: Iterable[Row], shares: HomeShares) -> dict[Home, list[Row]]:
    split: dict[Home, list[Row]] = {home: [] for home in Home}
    for row in rows:
        split[home_of(row.input, shares)].append(row)
    return split


def _around(rows: Iterable[Row], holdout: Sequence[Row], shares: HomeShares) -> dict[Home, list[Row]]:
    """The homes where the holdout is given: its hash share goes to the training rows."""
    frozen = {group_key(row.input) for row in holdout}
    split = _split((row for row in rows if group_key(row.input) not in frozen), shares)
    kept = split[Home.HOLDOUT] + split[Home.TRAIN]
    return {Home.TRAIN: kept, Home.HOLDOUT: list(holdout), Home.LIVE: split[Home.LIVE]}


def rows_sha256(rows: Sequence[Row]) -> str:
    """A digest over every row, in order: label, unit separator, input, record separator."""
    digest = hashlib.sha256()
    for row in rows:
        text = row.input if isinstance(row.input, str) else group_key(row.input)
        digest.update(_bytes(f"{row.label}\x1f{text}\x1e"))
    return digest.hexdigest()


def _bytes(text: str) -> bytes:
    """UTF-8, and of half a character, which JSON can carry, the three bytes that UTF-8 would have for it."""
    return text.encode(errors="surrogatepass")
