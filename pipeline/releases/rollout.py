"""How a version is tried on real traffic before it counts: stages, guards, and what to do next.

Pure: no clock, no files, no model calls.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt

from pipeline.gate.paired import Z_99_TWO_SIDED, paired_gain
from pipeline.monitoring.accuracy import wilson

# Guards are looked at many times while evidence grows, so each look may be wrong once in a hundred, not in twenty.
LOOK_CONFIDENCE = 0.99
# Kolmogorov and Smirnov's two-sample test at 1%: critical distance = 1.63 sqrt((n + m) / (n m)).
KS_1_PERCENT = 1.63
# Evidence is looked at again when there is half as much again: some ten looks over a whole stage.
LOOK_GROWTH = 1.5
FIRST_LOOK = 30
MIN_TIMINGS = 100


class Strategy(StrEnum):
    DIRECT = "direct"
    SHADOW = "shadow"
    CANARY = "canary"
    BLUE_GREEN = "blue_green"


class Traffic(StrEnum):
    """What the challenger does in a stage. `all`: it is promoted, and the version before it answers in the shadow."""

    STANDBY = "standby"
    SHADOW = "shadow"
    CANARY = "canary"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of a rollout.

    `share` of the requests go to the challenger; the stage ends when `min_requests` of them were answered by both
    versions, `min_labels` of those are labelled and `min_minutes` have gone by, and no guard speaks against it.
    """

    traffic: Traffic
    share: float = 1.0
    min_requests: int = 0
    min_labels: int = 0
    min_minutes: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Guards:
    """The limits of a rollout; a breach that is more than chance rolls it back."""

    max_error_share: float = 0.01
    # The slowest twentieth of the challenger's answers against the champion's; below the floor nobody cares.
    max_latency_ratio: float = 3.0
    latency_floor_ms: float = 5.0
    max_disagreement: float = 0.10
    max_score_shift: float = 0.15
    max_accuracy_loss: float = 0.02


STAGES: dict[Strategy, tuple[Stage, ...]] = {
    Strategy.DIRECT: (),
    Strategy.SHADOW: (Stage(traffic=Traffic.SHADOW, min_requests=500),),
    Strategy.CANARY: (
        Stage(traffic=Traffic.CANARY, share=0.05, min_requests=100),
        Stage(traffic=Traffic.CANARY, share=0.25, min_requests=300),
        Stage(traffic=Traffic.CANARY, share=0.50, min_requests=500),
    ),
    Strategy.BLUE_GREEN: (Stage(traffic=Traffic.STANDBY), Stage(traffic=Traffic.ALL, min_requests=500)),
}


@dataclass(frozen=True, kw_only=True)
class RolloutRules:
    """How versions of a managed model come into service. Without `stages`, those of the strategy."""

    strategy: Strategy = Strategy.DIRECT
    stages: tuple[Stage, ...] = ()
    guards: Guards = field(default_factory=Guards)

    @property
    def plan(self) -> tuple[Stage, ...]:
        return self.stages or STAGES[self.strategy]


@dataclass(frozen=True, kw_only=True)
class StageFigures:
    """What a stage has shown so far. Pairs are requests that both versions answered; None is unknown.

    `won` labelled pairs only the challenger has right, `lost` only the champion.
    """

    minutes: float
    asked: int
    errors: int
    pairs: int
    disagreements: int
    score_shift: float | None
    challenger_p95_ms: float | None
    champion_p95_ms: float | None
    labelled: int | None
    won: int = 0
    lost: int = 0


class GuardOutcome(StrEnum):
    HELD = "held"
    BREACHED = "breached"
    NO_DATA = "no_data"


@dataclass(frozen=True, kw_only=True)
class GuardResult:
    """What one guard says: the observed figure, its limit, and a sentence."""

    guard: str
    outcome: GuardOutcome
    observed: float | None
    limit: float
    reason: str
    interval: tuple[float, float] | None = None


class Move(StrEnum):
    ADVANCE = "advance"
    HOLD = "hold"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to do with a rollout now, and why."""

    move: Move
    reasons: tuple[str, ...]
    guards: tuple[GuardResult, ...]


def next_step(stage: Stage, guards: Guards, figures: StageFigures) -> Step:
    """Roll back when a guard is breached, advance when the stage has seen enough, hold otherwise."""
    results = tuple(guard(guards, figures) for guard in (errors, latency, disagreement, score_shift, label_accuracy))
    breached = tuple(result.reason for result in results if result.outcome is GuardOutcome.BREACHED)
    if breached:
        return Step(move=Move.ROLL_BACK, reasons=breached, guards=results)
    missing = tuple(_missing(stage, figures))
    if missing:
        return Step(move=Move.HOLD, reasons=missing, guards=results)
    enough = f"Enough was seen ({figures.pairs} requests answered by both versions) and no guard is breached."
    return Step(move=Move.ADVANCE, reasons=(enough,), guards=results)


def look_is_due(seen: int, last_look: int) -> bool:
    """Whether there is enough new evidence for another look: looking at each request would find chance itself."""
    return seen >= max(FIRST_LOOK, LOOK_GROWTH * last_look)


def _missing(stage: Stage, figures: StageFigures) -> list[str]:
    found = []
    if figures.pairs < stage.min_requests:
        found.append(f"{figures.pairs} of {stage.min_requests} requests were answered by both versions.")
    if figures.minutes < stage.min_minutes:
        found.append(f"{figures.minutes:.1f} of {stage.min_minutes:g} minutes have gone by.")
    if stage.min_labels and (figures.labelled or 0) < stage.min_labels:
        have = "an unknown number" if figures.labelled is None else str(figures.labelled)
        found.append(f"{have} of {stage.min_labels} labels have arrived.")
    return found


def errors(guards: Guards, figures: StageFigures) -> GuardResult:
    """Requests that the challenger could not answer."""
    limit = guards.max_error_share
    if not figures.asked:
        return _no_data("errors", limit, "The challenger was not asked yet.")
    low, high = wilson(figures.errors, figures.asked, LOOK_CONFIDENCE)
    said = f"The challenger failed on {figures.errors} of {figures.asked} requests; {limit:.1%} are allowed."
    return _result("errors", low > limit, figures.errors / figures.asked, limit, said, (low, high))


def latency(guards: Guards, figures: StageFigures) -> GuardResult:
    """Time of one answer, without the way to it."""
    new, old = figures.challenger_p95_ms, figures.champion_p95_ms
    if new is None or old is None:
        return _no_data("latency", guards.latency_floor_ms, f"Fewer than {MIN_TIMINGS} answers were timed.")
    limit = max(guards.latency_floor_ms, guards.max_latency_ratio * old)
    said = f"The challenger's p95 is {new:.3f} ms, the champion's {old:.3f} ms; {limit:.3f} ms are allowed."
    return _result("latency", new > limit, new, limit, said)


def disagreement(guards: Guards, figures: StageFigures) -> GuardResult:
    """Requests to which both versions give different classes."""
    limit = guards.max_disagreement
    if figures.pairs < FIRST_LOOK:
        return _no_data("disagreement", limit, f"{figures.pairs} requests were answered by both versions.")
    low, high = wilson(figures.disagreements, figures.pairs, LOOK_CONFIDENCE)
    share = figures.disagreements / figures.pairs
    said = (
        f"The versions disagree on {share:.1%} of {figures.pairs} requests (99% interval {low:.1%} to {high:.1%}); "
        f"{limit:.1%} are allowed."
    )
    return _result("disagreement", low > limit, share, limit, said, (low, high))


def score_shift(guards: Guards, figures: StageFigures) -> GuardResult:
    """Kolmogorov-Smirnov distance of both versions' scores on the same requests, beyond what chance gives."""
    limit, found = guards.max_score_shift, figures.score_shift
    if found is None or figures.pairs < FIRST_LOOK:
        return _no_data("score_shift", limit, f"{figures.pairs} requests were answered by both versions.")
    chance = KS_1_PERCENT * sqrt(2 / figures.pairs)
    said = f"The scores lie {found:.3f} apart on {figures.pairs} requests, {chance:.3f} of it may be chance; "
    return _result("score_shift", found - chance > limit, found, limit, said + f"{limit:.3f} are allowed.")


def label_accuracy(guards: Guards, figures: StageFigures) -> GuardResult:
    """Accuracy of challenger minus champion on labelled pairs: worse, not by chance, and by more than is allowed."""
    limit = guards.max_accuracy_loss
    if figures.labelled is None:
        return _no_data("label_accuracy", limit, "The labels cannot be read now.")
    if figures.labelled < FIRST_LOOK:
        return _no_data("label_accuracy", limit, f"{figures.labelled} labels have arrived; {FIRST_LOOK} say something.")
    gain, low, high = paired_gain(figures.won, figures.lost, figures.labelled, Z_99_TWO_SIDED)
    said = (
        f"The challenger's accuracy is {gain:+.1%} beside the champion's on {figures.labelled} labels "
        f"(99% interval {low:+.1%} to {high:+.1%}); a loss of {limit:.1%} is allowed."
    )
    return _result("label_accuracy", high < 0 and gain < -limit, gain, limit, said, (low, high))


def ks_distance(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The largest distance between two empirical distribution functions; None when one of them is empty."""
    if not one or not other:
        return None
    first, second = sorted(one), sorted(other)
    points = sorted({*first, *second})
    shares = ((bisect_right(first, x) / len(first), bisect_right(second, x) / len(second)) for x in points)
    return max(abs(a - b) for a, b in shares)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one version answered to callers during a canary, and how much of it labels say was right."""

    version: int
    answered: int
    positive: int
    labelled: int
    correct: int

    @property
    def accuracy(self) -> float | None:
        return self.correct / self.labelled if self.labelled else None


def difference(challenger: Arm, champion: Arm) -> tuple[float, float, float] | None:
    """Accuracy of challenger minus champion over different callers, with a 95% interval; None without labels.

    Newcombe's hybrid score interval (Statist. Med. 17 (1998), 873, method 10).
    """
    if challenger.accuracy is None or champion.accuracy is None:
        return None
    new, old = challenger.accuracy, champion.accuracy
    low_new, high_new = wilson(challenger.correct, challenger.labelled, 0.95)
    low_old, high_old = wilson(champion.correct, champion.labelled, 0.95)
    down = sqrt((new - low_new) ** 2 + (high_old - old) ** 2)
    up = sqrt((high_new - new) ** 2 + (old - low_old) ** 2)
    return new - old, new - old - down, new - old + up


def _result(
    guard: str,
    breached: bool,
    observed: float,
    limit: float,
    reason: str,
    interval: tuple[float, float] | None = None,
) -> GuardResult:
    outcome = GuardOutcome.BREACHED if breached else GuardOutcome.HELD
    return GuardResult(guard=guard, outcome=outcome, observed=observed, limit=limit, reason=reason, interval=interval)


def _no_data(guard: str, limit: float, reason: str) -> GuardResult:
    return GuardResult(guard=guard, outcome=GuardOutcome.NO_DATA, observed=None, limit=limit, reason=reason)
