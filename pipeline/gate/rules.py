"""The gate: rules that a new version must pass, and the verdict they give. Pure: no clock, no files, no model calls.

The gate returns a verdict and promotes nothing. Champion and challenger are always compared on the same rows, paired.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pipeline.gate.evaluation import METRICS, majority_accuracy
from pipeline.gate.evidence import Baseline, GateEvidence, Judged
from pipeline.gate.paired import mcnemar_mid_p, more_labels_to_decide, paired_gain

# Mid-p is a little liberal; at 4% equal challengers pass at most 5% of the time (benchmarks/gate.py).
CHANCE = 0.04


class RuleOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What one rule says. `more_labels` tells how many more recent labels would decide an undecided rule."""

    rule: str
    outcome: RuleOutcome
    observed: float | None
    required: float | None
    reason: str
    interval: tuple[float, float] | None = None
    more_labels: int | None = None


class GateRule(Protocol):
    """A frozen value with a check; its class name in snake case is written into the verdict."""

    def check(self, evidence: GateEvidence) -> RuleResult: ...


class VerdictStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    status: VerdictStatus
    results: tuple[RuleResult, ...]

    @property
    def passed(self) -> bool:
        return self.status is VerdictStatus.PASSED

    @property
    def reason(self) -> str:
        """The sentence of the rule that settled the verdict."""
        against = [r.reason for r in self.results if r.outcome.value == self.status.value]
        return " ".join(against) if against and not self.passed else " ".join(r.reason for r in self.results)


@dataclass(frozen=True, kw_only=True)
class GateRules:
    """The rules of one managed model: for its first version, and for a challenger of a champion."""

    first: tuple[GateRule, ...]
    challenger: tuple[GateRule, ...] = field(default=())


def judge(rules: GateRules, evidence: GateEvidence) -> Verdict:
    """The verdict over a version: failed beats undecided, undecided beats passed; the champion's very bytes are
    `unchanged`.
    """
    if evidence.champion_sha256 == evidence.artifact_sha256:
        reason = "The artefact is the champion's, byte for byte: there is nothing to promote."
        return Verdict(
            status=VerdictStatus.UNCHANGED,
            results=(
                RuleResult(rule="unchanged", outcome=RuleOutcome.FAILED, observed=None, required=None, reason=reason),
            ),
        )
    applicable = rules.first if evidence.champion_sha256 is None else rules.challenger
    results = tuple(rule.check(evidence) for rule in applicable)
    outcomes = {result.outcome for result in results}
    if not results or RuleOutcome.FAILED in outcomes:  # a gate without rules lets nothing through
        return Verdict(status=VerdictStatus.FAILED, results=results)
    return Verdict(
        status=VerdictStatus.UNDECIDED if RuleOutcome.UNDECIDED in outcomes else VerdictStatus.PASSED, results=results
    )


@dataclass(frozen=True)
class AtLeast:
    """An absolute floor under a metric of the holdout."""

    metric: str
    floor: float

    def check(self, evidence: GateEvidence) -> RuleResult:
        value = METRICS[self.metric](evidence.holdout.labels, evidence.holdout.challenger)
        words = (
            f"{self.metric} {value:.4f} on {len(evidence.holdout)} holdout rows, at least {self.floor:.4f} required."
        )
        return _result(f"{self.metric}_at_least", value >= self.floor, value, self.floor, words)


@dataclass(frozen=True)
class BeatsMajority:
    """Better on the holdout than always answering the more frequent class, so that a constant never passes."""

    def check(self, evidence: GateEvidence) -> RuleResult:
        value = METRICS["accuracy"](evidence.holdout.labels, evidence.holdout.challenger)
        base = majority_accuracy(evidence.holdout.labels)
        return _result(
            "beats_majority",
            value > base,
            value,
            base,
            f"accuracy {value:.4f}, always answering the more frequent class gives {base:.4f}.",
        )


@dataclass(frozen=True)
class ServedParity:
    """What is served scores like the estimator that was trained, on every holdout row; some forms have a tolerance of
    their own, as (form, tolerance).
    """

    tolerance: float
    forms: tuple[tuple[str, float], ...] = ()

    def check(self, evidence: GateEvidence) -> RuleResult:
        allowed = dict(self.forms).get(evidence.form, self.tolerance)
        words = f"served and trained scores differ by at most {evidence.parity:.1e}, {allowed:.0e} allowed."
        return _result("served_parity", evidence.parity <= allowed, evidence.parity, allowed, words)


@dataclass(frozen=True)
class NotWorse:
    """Non-inferiority, paired: the lower 95% bound of the accuracy change lies above minus the margin."""

    margin: float

    def check(self, evidence: GateEvidence) -> RuleResult:
        rows = evidence.holdout
        gain, low, high = paired_gain(*rows.discordant())
        words = (
            f"accuracy change on {len(rows)} holdout rows {gain:+.4f} (90% interval {low:+.4f} to {high:+.4f}), "
            f"no loss beyond {self.margin:.4f} allowed."
        )
        return _result("not_worse", low > -self.margin, gain, -self.margin, words, (low, high))


@dataclass(frozen=True)
class NoLowerThanChampion:
    """A metric of the holdout is at least the champion's on the same rows: the bare comparison, without an interval."""

    metric: str

    def check(self, evidence: GateEvidence) -> RuleResult:
        rows = evidence.holdout
        if rows.champion is None:
            raise ValueError("A comparison with the champion needs the champion's answers on the same rows.")
        value = METRICS[self.metric](rows.labels, rows.challenger)
        line = METRICS[self.metric](rows.labels, rows.champion)
        words = f"{self.metric} {value:.4f} on {len(rows)} holdout rows, the champion has {line:.4f}."
        return _result(f"{self.metric}_no_lower_than_champion", value >= line, value, line, words)


@dataclass(frozen=True)
class BeatsBaseline:
    """A metric of the holdout is strictly better than the stored baseline's, measured on these very rows.

    Where none is stored, the champion's on the same rows is the baseline, and for a first version `otherwise`.
    """

    metric: str
    otherwise: float = 0.0

    def check(self, evidence: GateEvidence) -> RuleResult:
        value = METRICS[self.metric](evidence.holdout.labels, evidence.holdout.challenger)
        stored = evidence.baseline
        if stored is not None and stored.rows_sha256 != evidence.holdout_sha256:
            return self._other_rows(value, stored)
        line, whose = self._line(evidence)
        words = f"{self.metric} {value:.4f} on {len(evidence.holdout)} holdout rows, {whose} has {line:.4f}."
        return _result(f"{self.metric}_beats_baseline", value > line, value, line, words)

    def _line(self, evidence: GateEvidence) -> tuple[float, str]:
        rows, stored = evidence.holdout, evidence.baseline
        if stored is not None:
            return stored.metrics[self.metric], f"the stored baseline ({stored.source})"
        if rows.champion is not None:
            return METRICS[self.metric](rows.labels, rows.champion), "the champion, for want of a stored baseline,"
        return self.otherwise, "the floor of a first version"

    def _other_rows(self, value: float, stored: Baseline) -> RuleResult:
        reason = (
            f"the stored baseline ({stored.source}) was measured on other rows than the holdout; "
            "export one anew: python -m pipeline baseline export."
        )
        line = stored.metrics[self.metric]
        return _result(f"{self.metric}_beats_baseline", False, value, line, reason)


@dataclass(frozen=True)
class Better:
    """Better on recent labelled rows: accuracy gain above `by`, and not by chance (one-sided mid-p McNemar)."""

    by: float
    min_rows: int

    def check(self, evidence: GateEvidence) -> RuleResult:
        rows = evidence.recent
        if rows is None or len(rows) < self.min_rows:
            return self._too_few(0 if rows is None else len(rows))
        return self.compare(rows)

    def compare(self, rows: Judged) -> RuleResult:
        """The result on rows that are enough."""
        won, lost, n = rows.discordant()
        gain, low, high = paired_gain(won, lost, n)
        words = (
            f"accuracy gain on {len(rows)} recent labelled rows {gain:+.4f} (90% interval {low:+.4f} to {high:+.4f}), "
            f"more than {self.by:.4f} required"
        )
        if gain > self.by and mcnemar_mid_p(won, lost) <= CHANCE:
            return _result("better", True, gain, self.by, f"{words}.", (low, high))
        if high <= self.by:
            return _result("better", False, gain, self.by, f"{words}.", (low, high))
        more = more_labels_to_decide(won, lost, n, self.by)
        return RuleResult(
            rule="better",
            outcome=RuleOutcome.UNDECIDED,
            observed=gain,
            required=self.by,
            reason=f"{words}; about {more} more labels would decide it.",
            interval=(low, high),
            more_labels=more,
        )

    def _too_few(self, have: int) -> RuleResult:
        more = self.min_rows - have
        reason = f"{have} recent labelled rows, {self.min_rows} required to compare on; {more} more labels are needed."
        return RuleResult(
            rule="better",
            outcome=RuleOutcome.UNDECIDED,
            observed=None,
            required=self.by,
            reason=reason,
            more_labels=more,
        )


def _result(
    rule: str, passed: bool, observed: float, required: float, reason: str, interval: tuple[float, float] | None = None
) -> RuleResult:
    outcome = RuleOutcome.PASSED if passed else RuleOutcome.FAILED
    return RuleResult(
        rule=rule, outcome=outcome, observed=observed, required=required, reason=reason, interval=interval
    )
