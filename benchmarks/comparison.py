"""Results of a benchmark beside those that it replaces, as ratios. Pure: no clock, no files, no model calls."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from math import inf
from typing import Any

from benchmarks.compared_figures import FIGURES, SETTINGS, Better

# What tells the rows of a list apart: a row has the place that these say of it, not its number.
WORDS = ("source", "case", "way", "statistics", "statistic", "risk", "rule")
NAMES = (*WORDS, "rows", "messages", "labels", "labelled", "models", "processes", "replicas")
# Ratios within this share of 1 are called the same.
SAME = 0.1


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A figure in the run before and in this one."""

    place: str
    better: Better
    before: float
    after: float

    @property
    def ratio(self) -> float | None:
        """The new figure divided by the old one; None where that was 0 and this is not."""
        if self.before == 0:
            return 1.0 if self.after == 0 else None
        return self.after / self.before

    @property
    def gain(self) -> float:
        """How many times as good: above 1 is better, below 1 is worse, whichever way the figure goes."""
        ratio = inf if self.ratio is None else self.ratio
        if self.better is Better.HIGHER:
            return ratio
        return 1 / ratio if ratio else inf

    def words(self) -> str:
        ratio = "from 0" if self.ratio is None else f"{self.ratio:.2f} times"
        return f"`{self.place}` {ratio} ({self.before:,.4g} to {self.after:,.4g}, {self.better.value} is better)"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio}


def from_json(row: Mapping[str, Any]) -> Compared:
    return Compared(place=row["place"], better=Better(row["better"]), before=row["before"], after=row["after"])


def compared(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Compared]:
    """Each measured figure of a benchmark that stands in both results, the one that lost most first."""
    old = dict(figures(name, before))
    found = [
        Compared(place=place, better=which_way(name, place), before=old[place], after=value)
        for place, value in figures(name, after)
        if place in old
    ]
    return sorted(found, key=lambda one: one.gain)


def figures(name: str, result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """What was measured, by its place: names parted by slashes, and for a row of a list what it says of itself."""
    patterns = FIGURES.get(name, {})
    for place, value in _numbers(result):
        if place.rpartition("/")[2] not in NAMES and any(fnmatchcase(place, pattern) for pattern in patterns):
            yield place, value


def changed_settings(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The settings that the two runs were not measured with alike: their ratios say less."""
    old, patterns = dict(_numbers(before)), SETTINGS.get(name, ())
    return [
        f"{place} {old[place]:g} before, {value:g} now"
        for place, value in _numbers(after)
        if old.get(place, value) != value and any(fnmatchcase(place, pattern) for pattern in patterns)
    ]


def which_way(name: str, place: str) -> Better:
    """Which way a figure is better. Raises StopIteration for a place that is no figure of the benchmark."""
    return next(better for pattern, better in FIGURES[name].items() if fnmatchcase(place, pattern))


def summary(found: Sequence[Compared]) -> str:
    """How many figures are better and worse, with the one that lost and the one that gained most; empty without any."""
    if not found:
        return ""
    worse = [one for one in found if one.gain < 1 / (1 + SAME)]
    better = [one for one in found if one.gain > 1 + SAME]
    low, high = min(found, key=lambda one: one.gain), max(found, key=lambda one: one.gain)
    return (
        f"Beside the run before, {len(found)} figures: {len(better)} are better and {len(worse)} worse by more than "
        f"{SAME:.0%}. Worst: {low.words()}. Best: {high.words()}."
    )


def lines(found: Sequence[Compared]) -> str:
    """A line for each figure: better, same or worse, and by what."""
    return "\n".join(f"{_verdict(one):6} {one.words()}" for one in found)


def _verdict(one: Compared) -> str:
    if one.gain < 1 / (1 + SAME):
        return "worse"
    return "better" if one.gain > 1 + SAME else "same"


def _numbers(result: Any, place: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(result, Mapping):
        for name, value in result.items():
            yield from _numbers(value, f"{place}/{name}" if place else str(name))
    elif isinstance(result, Sequence) and not isinstance(result, str):
        for step, value in zip(_steps(result), result, strict=True):
            yield from _numbers(value, f"{place}/{step}")
    elif isinstance(result, int | float) and not isinstance(result, bool):
        yield place, float(result)


def _steps(rows: Sequence[Any]) -> Iterator[str]:
    """What tells each row from the others; those that say the same are numbered."""
    said: Counter[str] = Counter()
    for row in rows:
        name = ",".join(f"{name}={row[name]}" for name in NAMES if name in row) if isinstance(row, Mapping) else ""
        said[name] += 1
        yield f"{name}#{said[name]}" if said[name] > 1 or not name else name
