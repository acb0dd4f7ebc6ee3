"""The simulated world: what is true, what can be seen of it, what a retraining brings. Pure: no clock, no files.

A retraining here is a surrogate: accuracy on a source follows a curve that was measured on real messages by number of
labelled rows (measured.py). Drift scores are drawn from windows of real messages that the real recipe measured. The
gate is the real one, over answers that are drawn with the true accuracies.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from agent.foresight.simulation.histories import SPAM_SHARE, History, Hour
from agent.foresight.simulation.measured import Measured
from pipeline.gate.evidence import GateEvidence, Judged
from pipeline.gate.rules import Better, NotWorse, RuleOutcome, VerdictStatus

JUDGE_ROWS, HOLDOUT_ROWS = 300, 980
# Half of the labelled rows may be trained on, the other half judges.
TRAIN_PART = 0.5
# People who are asked label so many an hour, by day and night alike.
ASKED_AN_HOUR = 4
# Champion and challenger mostly fail on the same messages; this part of their answers is independent.
INDEPENDENT = 0.02
GATE = (NotWorse(margin=0.01), Better(by=0.01, min_rows=50))


@dataclass(frozen=True)
class Version:
    """What one version has learned: labelled rows by source, and rows with random labels among all."""

    number: int
    rows: Mapping[str, float] = field(default_factory=dict)
    poisoned: float = 0.0


@dataclass(frozen=True)
class Labels:
    """Labels that arrived in one hour: how many, and how many of them agreed with the prediction."""

    count: int
    agreeing: int


class World:
    """One history as it unfolds under one policy. Every draw comes from the history's own seed."""

    def __init__(self, history: History, measured: Measured, window_rows: int):
        self.history, self.measured, self.window_rows = history, measured, window_rows
        self.rng = np.random.default_rng(history.seed)
        self.champion = Version(1)
        self.collected: defaultdict[str, float] = defaultdict(float)
        self.poisoned_rows = 0.0
        self.labels: deque[Labels] = deque()
        self.labelled_ever = 0
        self.asked_open = 0
        self.asked_total = 0
        self.recent: deque[tuple[Hour, int]] = deque()

    # What is true

    def accuracy(self, version: Version, hour: Hour) -> float:
        """The share of right answers of a version on the traffic of one hour."""
        known, spam, rest = 0.0, SPAM_SHARE, 1.0
        for source, share in hour.shares:
            if source == "mix":
                spam = SPAM_SHARE + share * (1 - SPAM_SHARE)
                continue
            known += share * self.measured.accuracy_on(_kind(source), version.rows.get(source, 0.0))
            rest -= share
        ordinary = spam * self.measured.spam + (1 - spam) * self.measured.ham
        return known + rest * (ordinary - self.measured.poison_loss(version.poisoned))

    # What arrives

    def pass_hour(self, hour: Hour) -> None:
        """Labels of an hour arrive: those that come by themselves and those that people were asked for."""
        own = int(self.rng.binomial(hour.messages, hour.labelled))
        asked = min(self.asked_open, ASKED_AN_HOUR)
        self.asked_open -= asked
        self.asked_total += asked
        count = own + asked
        if count:
            self._receive(hour, count, own)

    def _receive(self, hour: Hour, count: int, own: int) -> None:
        random_labels = int(self.rng.binomial(own, hour.poisoned)) if hour.poisoned else 0
        right = int(self.rng.binomial(count - random_labels, self.accuracy(self.champion, hour)))
        agreeing = right + int(self.rng.binomial(random_labels, 0.5))
        self.labels.append(Labels(count, agreeing))
        self.labelled_ever += count
        self._keep_recent(hour, count)
        self.poisoned_rows += random_labels * TRAIN_PART
        for source, share in hour.shares:
            self.collected[source] += float(self.rng.binomial(count, share)) * TRAIN_PART
        while len(self.labels) > 1 and sum(one.count for one in self.labels) - self.labels[0].count >= self.window_rows:
            self.labels.popleft()

    def _keep_recent(self, hour: Hour, count: int) -> None:
        """The hours that the newest judge rows come from."""
        self.recent.append((hour, count))
        while sum(n for _, n in self.recent) - self.recent[0][1] >= JUDGE_ROWS / TRAIN_PART:
            self.recent.popleft()

    def ask_for(self, labels: int) -> None:
        self.asked_open = max(self.asked_open, labels)

    # What can be seen

    def seen_accuracy(self) -> tuple[int, int]:
        """Labels of the newest window that agree with the prediction, and all of them."""
        return sum(one.agreeing for one in self.labels), sum(one.count for one in self.labels)

    def scores(self, shares: Mapping[str, float]) -> tuple[float, float]:
        """Drift scores of a window with these shares: those of the most foreign source, in units of what is unknown."""
        pairs = [self._drawn(source, share) for source, share in shares.items()] or [self._drawn("campaign", 0.0)]
        return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)

    def _drawn(self, source: str, share: float) -> tuple[float, float]:
        kind = _kind(source)
        learned = self.measured.learned(kind, self.champion.rows.get(source, 0.0))
        levels = self.measured.scores[kind]
        foreign = share * (1 - learned)
        level = min(levels, key=lambda known: abs(known - foreign))
        pairs = levels[level]
        return pairs[int(self.rng.integers(len(pairs)))]

    # What a retraining brings

    def trained(self, number: int) -> Version:
        """The version that training on everything labelled so far would give."""
        return Version(number, dict(self.collected), self.poisoned_rows)

    def gate(self, challenger: Version) -> VerdictStatus:
        """The verdict of the real gate rules over drawn answers: recent labelled rows, and old clean ones."""
        newest = [hour for hour, count in self.recent for _ in range(count)]
        rows = min(JUDGE_ROWS, int(len(newest) * TRAIN_PART))
        chosen = [newest[int(place)] for place in self.rng.choice(len(newest), rows, replace=False)] if rows else []
        recent = self._judged(challenger, chosen) if rows else None
        quiet = [Hour(1)] * HOLDOUT_ROWS
        evidence = GateEvidence(
            holdout=self._judged(challenger, quiet), recent=recent, parity=0.0, artifact_sha256="challenger"
        )
        outcomes = {rule.check(evidence).outcome for rule in GATE}
        if RuleOutcome.FAILED in outcomes:
            return VerdictStatus.FAILED
        return VerdictStatus.UNDECIDED if RuleOutcome.UNDECIDED in outcomes else VerdictStatus.PASSED

    def _judged(self, challenger: Version, hours: list[Hour]) -> Judged:
        first, second = self.rng.random(len(hours)), self.rng.random(len(hours))
        own = np.where(self.rng.random(len(hours)) < INDEPENDENT, second, first)
        accuracies = {
            hour: (self.accuracy(self.champion, hour), self.accuracy(challenger, hour)) for hour in set(hours)
        }
        old = first < np.array([accuracies[hour][0] for hour in hours])
        new = own < np.array([accuracies[hour][1] for hour in hours])
        random_label = self.rng.random(len(hours)) < np.array([hour.poisoned for hour in hours])
        # A random label agrees with both versions or with neither: they say the same on most messages.
        agrees = self.rng.random(len(hours)) < 0.5
        labels = np.ones(len(hours), dtype=np.int64)
        return Judged(
            labels=labels,
            challenger=np.where(random_label, agrees, new).astype(np.int64),
            champion=np.where(random_label, agrees, old).astype(np.int64),
        )

    def promote(self, version: Version) -> None:
        self.champion = version
        self.labels.clear()


def _kind(source: str) -> str:
    return source.partition(":")[0]
