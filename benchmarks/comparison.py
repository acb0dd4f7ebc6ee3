"""Results of a benchmark beside those that it replaces, as ratios. Pure: no clock, no files, no model calls."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

# A figure whose name ends so is a cost: a ratio above 1 is worse. Of a rate, a ratio above 1 is better.
COSTS = ("_ms", "_seconds", "seconds", "_microseconds", "_mb", "_bytes", "median")
RATES = ("per_second",)


def ratios(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float]:
    """For each cost and rate that stands in both: the new figure divided by the old one, by its dotted place."""
    old = dict(_figures(before))
    return {place: value / old[place] for place, value in _figures(after) if old.get(place)}


def summary(found: Mapping[str, float]) -> str:
    """The ratios in a sentence; empty without any."""
    if not found:
        return ""
    low, high = min(found, key=lambda place: found[place]), max(found, key=lambda place: found[place])
    return (
        f"Beside the run before: {len(found)} figures, median ratio {median(found.values()):.2f}, from "
        f"{found[low]:.2f} (`{low}`) to {found[high]:.2f} (`{high}`)."
    )


def _figures(result: Any, place: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(result, Mapping):
        for name, value in result.items():
            yield from _figures(value, f"{place}.{name}" if place else str(name))
    elif isinstance(result, Sequence) and not isinstance(result, str):
        for at, value in enumerate(result):
            yield from _figures(value, f"{place}.{at}")
    elif isinstance(result, int | float) and not isinstance(result, bool) and place.endswith((*COSTS, *RATES)):
        yield place, float(result)
