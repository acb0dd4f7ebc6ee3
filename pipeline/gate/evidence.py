"""What a rule of the gate may look at. Pure: no clock, no files, no model calls."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.gate.evaluation import Labels


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One set of rows with what both versions answered; each array has the shape (n,), `champion` is None for a first
    version.
    """

    labels: Labels
    challenger: Labels
    champion: Labels | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def discordant(self) -> tuple[int, int, int]:
        """Rows that only the challenger has right, that only the champion has right, and all.

        Raises ValueError without a champion.
        """
        if self.champion is None:
            raise ValueError("A paired comparison needs the champion's answers on the same rows.")
        challenger_right, champion_right = self.challenger == self.labels, self.champion == self.labels
        won, lost = challenger_right & ~champion_right, champion_right & ~challenger_right
        return int(won.sum()), int(lost.sum()), len(self)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Metrics that were written down once, and the digest of the rows that they were measured on."""

    metrics: Mapping[str, float]
    rows: int
    rows_sha256: str
    source: str


@dataclass(frozen=True, kw_only=True)
class GateEvidence:
    """All that a rule may look at.

    `parity` is the largest difference between served and trained scores over the holdout.
    """

    holdout: Judged
    recent: Judged | None
    parity: float
    artifact_sha256: str
    champion_sha256: str | None = None
    baseline: Baseline | None = None
    holdout_sha256: str = ""
    form: str = ""
