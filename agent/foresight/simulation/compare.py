"""Compares policies over histories: the table, what each cost beyond the cheapest, and how long a year took."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from agent.decision import PolicyRules
from agent.foresight.simulation.histories import History, history
from agent.foresight.simulation.measured import Measured
from agent.foresight.simulation.policies import Chooses
from agent.foresight.simulation.run import Outcome, Prices, Run

MakePolicies = Callable[[], Sequence[Chooses]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All outcomes, in the order of the histories. `slowest_seconds` is the longest that one policy took for one."""

    outcomes: tuple[Outcome, ...]
    prices: Prices
    days: int
    slowest_seconds: float

    def regret(self, outcome: Outcome) -> float:
        """What it cost beyond the cheapest of the compared policies in the same history, which here is known."""
        return outcome.cost - min(other.cost for other in self.outcomes if other.history == outcome.history)

    @property
    def histories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(outcome.history for outcome in self.outcomes))

    def total(self, policy: str) -> tuple[float, float]:
        """Days in breach and regret of one policy over all histories."""
        own = [outcome for outcome in self.outcomes if outcome.policy == policy]
        return sum(outcome.days_in_breach for outcome in own), sum(self.regret(outcome) for outcome in own)


def compare(
    names: Sequence[str],
    make_policies: MakePolicies,
    rules: PolicyRules,
    measured: Measured,
    *,
    days: int,
    seed: int,
    prices: Prices,
    progress: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Every policy through every history; each starts afresh, so nothing is carried from one history to the next."""
    outcomes, slowest = list[Outcome](), 0.0
    for name in names:
        made = history(name, days, seed)
        for policy in make_policies():
            progress(f"{name}: {policy.name}")
            started = time.perf_counter()
            outcomes.append(_run(made, policy, rules, measured, prices))
            slowest = max(slowest, time.perf_counter() - started)
    return Comparison(outcomes=tuple(outcomes), prices=prices, days=days, slowest_seconds=slowest)


def _run(made: History, policy: Chooses, rules: PolicyRules, measured: Measured, prices: Prices) -> Outcome:
    return Run(made, policy, rules, measured, prices).finish()


COLUMNS = ("days in\nbreach", "breaches\nmissed", "late", "trained", "labels\nasked", "people\nasked", "cost", "regret")


def table(found: Comparison) -> Table:
    """A heading for each history, and a row for each policy; it fits into 80 columns."""
    made = Table(title=f"{found.days} days of hourly decisions", title_justify="left", box=None, padding=(0, 1, 0, 0))
    made.add_column("history\n  policy", no_wrap=True)
    for column in COLUMNS:
        made.add_column(column, justify="right", no_wrap=True)
    shown = None
    for of, policy, *cells in rows(found):
        if of != shown:
            made.add_row(of, style="bold")
        made.add_row(f"  {policy}", *cells)
        shown = of
    return made


def rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    """The cells of the table, one row for each outcome."""
    for outcome in found.outcomes:
        yield (
            outcome.history,
            outcome.policy,
            f"{outcome.days_in_breach:.1f}",
            f"{outcome.missed} of {len(outcome.breaches)}",
            str(outcome.late),
            str(outcome.trainings),
            str(outcome.labels_asked),
            str(outcome.people_asked),
            f"{outcome.cost:.0f}",
            f"{found.regret(outcome):.0f}",
        )


def as_json(found: Comparison) -> dict[str, Any]:
    left_out = ("accuracy", "breaches")
    return {
        "days": found.days,
        "slowest_seconds": round(found.slowest_seconds, 2),
        "prices": vars(found.prices),
        "outcomes": [
            {name: value for name, value in vars(outcome).items() if name not in left_out}
            | {
                "days_in_breach": outcome.days_in_breach,
                "breaches": len(outcome.breaches),
                "missed": outcome.missed,
                "late": outcome.late,
                "regret": found.regret(outcome),
            }
            for outcome in found.outcomes
        ],
    }
