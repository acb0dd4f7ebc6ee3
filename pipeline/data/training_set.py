"""What one training learns from: base rows and labelled production rows, each with its origin and its weight.

Pure: no clock, no files, no model calls.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.data.homes import row_key
from pipeline.records import LabelledPrediction, Row
from pipeline.spec import RetrainingRules


class Origin(StrEnum):
    BASE = "base"
    PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class TrainingRow:
    """A row that is learned from. A production row names its prediction, who labelled it and when."""

    row: Row
    origin: Origin
    weight: float = 1.0
    prediction_id: str | None = None
    label_source: str | None = None
    labelled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """Rows of one source of labels that are over its share; they wait until somebody approves the source."""

    source: str
    rows: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """All rows of a training, base rows first, then production rows, oldest label first."""

    rows: tuple[TrainingRow, ...]
    held_back: tuple[HeldBack, ...] = ()
    too_old: int = 0

    @property
    def plain(self) -> tuple[Row, ...]:
        return tuple(one.row for one in self.rows)

    @property
    def weights(self) -> tuple[float, ...] | None:
        """The weight of each row; None where all count alike, so that a fit takes the same path as ever."""
        weights = tuple(one.weight for one in self.rows)
        return weights if any(weight != 1.0 for weight in weights) else None

    def provenance(self) -> dict[str, int]:
        """How many rows come from the base data, and from each source of labels."""
        return dict(Counter(one.label_source or one.origin.value for one in self.rows))


def training_set(
    base: Sequence[Row],
    production: Sequence[LabelledPrediction],
    rules: RetrainingRules,
    approved: Collection[str],
    now: datetime,
) -> TrainingSet:
    """Base rows and usable production rows; these come newest label first, each text once.

    A text that both have counts once, as base.
    """
    fresh = within_age(production, rules.max_production_age_days, now)
    known = {row_key(row.input) for row in base}
    new = [entry for entry in fresh if row_key(entry.record.input) not in known]
    kept, held_back = within_share(new, len(base), rules.max_source_share, approved)
    learned = [TrainingRow(row=row, origin=Origin.BASE) for row in base]
    learned += [_learned(entry, rules.production_weight) for entry in reversed(kept)]
    unique: dict[str, TrainingRow] = {}
    for one in learned:
        unique.setdefault(row_key(one.row.input), one)
    return TrainingSet(rows=tuple(unique.values()), held_back=held_back, too_old=len(production) - len(fresh))


def within_age(
    production: Sequence[LabelledPrediction], days: float | None, now: datetime
) -> Sequence[LabelledPrediction]:
    """The rows whose label is at most `days` old; all of them for None."""
    if days is None:
        return production
    oldest = now - timedelta(days=days)
    return [entry for entry in production if entry.labelled_at is not None and entry.labelled_at >= oldest]


def within_share(
    production: Sequence[LabelledPrediction], base_rows: int, share: float, approved: Collection[str]
) -> tuple[Sequence[LabelledPrediction], tuple[HeldBack, ...]]:
    """The rows without those by which a source that is not approved exceeds `share` of all training rows.

    Of such a source the newest rows are kept; all of them keep the same number.
    """
    counts = Counter(_source(entry) for entry in production)
    bounded = {source: count for source, count in counts.items() if source not in approved}
    most = _most(list(bounded.values()), base_rows + counts.total() - sum(bounded.values()), share)
    allowed = {source: min(count, most) for source, count in bounded.items()}
    seen: Counter[str] = Counter()
    kept: list[LabelledPrediction] = []
    for entry in production:
        source = _source(entry)
        seen[source] += 1
        if seen[source] <= allowed.get(source, len(production)):
            kept.append(entry)
    over = {source: counts[source] - most for source, most in allowed.items() if counts[source] > most}
    held = tuple(HeldBack(source=s, rows=rows, kept=counts[s] - rows) for s, rows in sorted(over.items()))
    return kept, held


def _most(counts: Sequence[int], others: int, share: float) -> int:
    """The most rows of any source, such that none is over its share of what is kept of all sources and `others`.

    If the `over` largest sources are cut to m rows each and the rest fits, m = share (over m + rest + others).
    """
    largest_first = sorted(counts, reverse=True)
    for over, next_largest in enumerate([*largest_first, 0]):
        room = 1.0 - over * share
        most = share * (others + sum(largest_first[over:])) / room if room > 0 else float(next_largest)
        if next_largest <= most:
            return int(most) if over else next_largest
    raise AssertionError("after the last source none is left to be over its share")


def _source(entry: LabelledPrediction) -> str:
    return entry.label_source or "unknown"


def _learned(entry: LabelledPrediction, weight: float) -> TrainingRow:
    assert entry.label is not None
    return TrainingRow(
        row=Row(entry.record.input, entry.label),
        origin=Origin.PRODUCTION,
        weight=weight,
        prediction_id=entry.record.prediction_id,
        label_source=_source(entry),
        labelled_at=entry.labelled_at,
    )
