"""What the stage of a rollout has shown in this process: pairs of answers, failures, times."""

from collections import deque
from datetime import datetime

import numpy as np

from pipeline.releases.rollout import MIN_TIMINGS, StageFigures, ks_distance
from pipeline.served.protocols import Answer

# The newest of each are kept: a stage may last for days.
MOST_PAIRS = 5_000
MOST_TIMES = 2_000


class TrialFigures:
    """Written by the event loop and the shadow's thread, each by single appends; read by the releaser's thread."""

    def __init__(self, since: datetime):
        self.since = since
        self.asked = 0
        self.errors = 0
        self.pairs = 0
        self.disagreements = 0
        self.answered: dict[int, int] = {}
        self.positive: dict[int, int] = {}
        self._challenger_scores: deque[float] = deque(maxlen=MOST_PAIRS)
        self._champion_scores: deque[float] = deque(maxlen=MOST_PAIRS)
        self._challenger_times: deque[int] = deque(maxlen=MOST_TIMES)
        self._champion_times: deque[int] = deque(maxlen=MOST_TIMES)

    def challenger_failed(self) -> None:
        self.asked += 1
        self.errors += 1

    def pair(self, challenger: Answer, champion: Answer, challenger_ns: int, champion_ns: int) -> None:
        """Both versions answered one request."""
        self.asked += 1
        self.pairs += 1
        self.disagreements += challenger.prediction != champion.prediction
        self._challenger_scores.append(challenger.score)
        self._champion_scores.append(champion.score)
        self._challenger_times.append(challenger_ns)
        self._champion_times.append(champion_ns)

    def answered_by(self, version: int, answer: Answer) -> None:
        """A caller got this answer: the arms of a canary."""
        self.answered[version] = self.answered.get(version, 0) + 1
        self.positive[version] = self.positive.get(version, 0) + answer.prediction

    def figures(self, now: datetime, labels: tuple[int, int, int] | None) -> StageFigures:
        """`labels`: labelled pairs, and those that only challenger or only champion has right; None is unknown."""
        labelled, won, lost = labels or (None, 0, 0)
        return StageFigures(
            minutes=(now - self.since).total_seconds() / 60,
            asked=self.asked,
            errors=self.errors,
            pairs=self.pairs,
            disagreements=self.disagreements,
            score_shift=ks_distance(tuple(self._challenger_scores), tuple(self._champion_scores)),
            challenger_p95_ms=_p95_ms(self._challenger_times),
            champion_p95_ms=_p95_ms(self._champion_times),
            labelled=labelled,
            won=won,
            lost=lost,
        )


def _p95_ms(times: deque[int]) -> float | None:
    found = tuple(times)
    return float(np.percentile(found, 95)) / 1e6 if len(found) >= MIN_TIMINGS else None
