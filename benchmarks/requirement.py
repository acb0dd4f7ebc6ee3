"""One requirement with its measured figure and what shows it. Pure: no clock, no files, no model calls."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A figure of a benchmark: `at` is its place in the result of that name; the line is what was asked for.

    Steps of a place are parted by slashes: a name, the number of a row, or what a row says, as in `rows=100,case=calm`.
    With `peer`, the place of a peer's time, the figure is how many times as long the peer takes.
    """

    result: str
    at: str
    peer: str | None = None
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    digits: int = 2

    def value(self, results: Results) -> float | None:
        """None for what was not run. Raises KeyError that names the place when the figure is not there."""
        found = self._found(results, self.at)
        if found is None or self.peer is None:
            return None if found is None else float(found)
        return float(self._found(results, self.peer)) / float(found)

    def _found(self, results: Results, place: str) -> Any:
        found: Any = results[self.result]
        for step in place.split("/"):
            try:
                found = row_of(found, step) if isinstance(found, list) else found[step]
            except (KeyError, IndexError, ValueError, StopIteration):
                raise KeyError(f"{self.result}.json has no figure at {place}") from None
        return found

    def reached(self, results: Results) -> bool:
        """Whether the figure is there and on its line."""
        value = self.value(results)
        if value is None:
            return False
        enough = self.at_least is None or value >= self.at_least
        return enough and (self.at_most is None or value <= self.at_most)

    def words(self, results: Results) -> str:
        value = self.value(results)
        return "–" if value is None else f"{value:,.{self.digits}f}{self.unit}"

    @property
    def line(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:,g}{self.unit}"
        return f"at most {self.at_most:,g}{self.unit}" if self.at_most is not None else "–"


def row_of(rows: list[Any], step: str) -> Any:
    """The row of that number, or that says so. Raises StopIteration, IndexError, ValueError."""
    if "=" not in step:
        return rows[int(step)]
    wanted = dict(part.split("=", 1) for part in re.split(r",(?=\w+=)", step))
    return next(row for row in rows if all(str(row[name]) == value for name, value in wanted.items()))


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """What is asked for. `shown_by` are tests (path or path::name) or `commands`; a feature has no figure."""

    system: str
    text: str
    shown_by: tuple[str, ...]
    measured: Measured | None = None

    def state(self, results: Results) -> str:
        if self.measured is None:
            return "holds"
        if self.measured.value(results) is None:
            return "**not run**"
        if self.measured.at_least is None and self.measured.at_most is None:
            return "measured"
        return "reached" if self.measured.reached(results) else "**missed**"

    def row(self, results: Results) -> tuple[str, str, str, str, str]:
        figure = self.measured.words(results) if self.measured else "–"
        line = self.measured.line if self.measured else "–"
        shown = "<br>".join(one if one.startswith("`") else f"`{one}`" for one in self.shown_by)
        return (self.text, line, figure, self.state(results), shown)


def feature(system: str, text: str, *shown_by: str) -> Requirement:
    return Requirement(system=system, text=text, shown_by=shown_by)


def figure(system: str, text: str, measured: Measured, *shown_by: str) -> Requirement:
    return Requirement(system=system, text=text, measured=measured, shown_by=shown_by)
