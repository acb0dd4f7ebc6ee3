"""How often the gate lets a challenger through that is truly better, equal or worse, on simulated paired answers."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.gate.evidence import Judged
from pipeline.gate.rules import Better, RuleOutcome

RESULTS = Path(__file__).parent / "results" / "gate.json"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A truth: how often the champion is right, and how often only one of the two is right on a row."""

    name: str
    champion_accuracy: float
    only_challenger_right: float
    only_champion_right: float

    @property
    def true_gain(self) -> float:
        return self.only_challenger_right - self.only_champion_right

    @property
    def differing(self) -> float:
        """The share of rows that the two answer differently."""
        return self.only_challenger_right + self.only_champion_right


# A retrained challenger keeps most of the champion's answers, so few rows differ; `independent` is the hardest truth.
CASES = (
    Case(name="5 points better", champion_accuracy=0.92, only_challenger_right=0.055, only_champion_right=0.005),
    Case(name="5 points better, noisier", champion_accuracy=0.90, only_challenger_right=0.06, only_champion_right=0.01),
    Case(
        name="5 points better, independent",
        champion_accuracy=0.92,
        only_challenger_right=0.0776,
        only_champion_right=0.0276,
    ),
    Case(name="10 points better", champion_accuracy=0.86, only_challenger_right=0.11, only_champion_right=0.01),
    Case(name="equal", champion_accuracy=0.92, only_challenger_right=0.01, only_champion_right=0.01),
    Case(name="equal, many differences", champion_accuracy=0.92, only_challenger_right=0.04, only_champion_right=0.04),
    Case(name="2 points worse", champion_accuracy=0.94, only_challenger_right=0.01, only_champion_right=0.03),
)


def simulate(case: Case, *, labels: int, seed: int) -> Judged:
    """Paired answers on `labels` rows drawn from the truth of a case."""
    rng = np.random.default_rng(seed)
    both_right = case.champion_accuracy - case.only_champion_right
    outcome = rng.choice(4, size=labels, p=_shares(case, both_right))
    truth = rng.integers(0, 2, size=labels)
    challenger_right, champion_right = np.isin(outcome, (0, 1)), np.isin(outcome, (0, 2))
    return Judged(
        labels=truth,
        challenger=np.where(challenger_right, truth, 1 - truth),
        champion=np.where(champion_right, truth, 1 - truth),
    )


def _shares(case: Case, both_right: float) -> list[float]:
    return [both_right, case.only_challenger_right, case.only_champion_right, 1 - both_right - case.differing]


def pass_rate(case: Case, *, labels: int, runs: int, first_seed: int = 0) -> float:
    """The share of runs in which the rule of the main model passes the challenger."""
    rule = Better(by=0.01, min_rows=50)
    outcomes = [rule.compare(simulate(case, labels=labels, seed=first_seed + i)).outcome for i in range(runs)]
    return outcomes.count(RuleOutcome.PASSED) / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    runs = parser.parse_args().runs
    table = [
        {
            "case": case.name,
            "true_gain": round(case.true_gain, 4),
            "labels": labels,
            "passed": pass_rate(case, labels=labels, runs=runs),
        }
        for case in CASES
        for labels in (100, 200, 400)
    ]
    for row in table:
        print(f"{row['case']:30} {row['labels']:4} labels  passed {row['passed']:.1%}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"runs": runs, "table": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
