"""What the raw statistics are without drift at a given window size, and the scale that this gives.

Pure: no clock, no files, no model calls.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from pipeline.monitoring.distances import Floats, Statistic
from pipeline.monitoring.null_table import ALARM_SDS, SCORE_PARTS
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.scale import POWER_SDS, score_of, z_of


@dataclass(frozen=True, kw_only=True)
class NullLine:
    """Mean, standard deviation and divisor of z of each statistic, (6,), as the null has them at `size` messages."""

    mean: Floats
    sd: Floats
    divisor: Floats
    size: int

    @classmethod
    def at(cls, profile: Profile, size: int) -> "NullLine":
        """Interpolated in the logarithm of the size. Beyond the largest size of the null its line is kept, so that
        a large window does not alarm on a trifle."""
        grid = np.log(profile.null_sizes)

        def read(table: Floats) -> Floats:
            return np.array([np.interp(log(size), grid, row) for row in table])

        quantile = np.maximum(1.0, read(profile.null_quantile))
        divisor = np.empty(len(Statistic))
        for row, part in enumerate(SCORE_PARTS):
            divisor[list(part)] = quantile[row]
        kept = int(np.clip(size, profile.null_sizes[0], profile.null_sizes[-1]))
        return cls(mean=read(profile.null_mean), sd=read(profile.null_sd), divisor=divisor, size=kept)

    @property
    def unit(self) -> Floats:
        """How much of each raw statistic makes a z of 1, (6,)."""
        return ALARM_SDS * self.sd * self.divisor

    def z(self, raw: Floats) -> Floats:
        """Distance from the mean in units of the alarm distance, (6,): 1 is the alarm line."""
        return (raw - self.mean) / self.unit

    def scores(self, raw: Floats) -> tuple[float, float, float]:
        """The vocabulary score, the TF-IDF score and the length score, in [0, 1)."""
        z = self.z(raw)
        vocabulary, tfidf, length = (score_of(float(z[list(part)].max())) for part in SCORE_PARTS)
        return vocabulary, tfidf, length

    def alarm_at(self, threshold: float) -> Floats:
        """The raw value of each statistic at which its score reaches the threshold, (6,)."""
        return self.mean + z_of(threshold) * self.unit

    def smallest_detectable_share(self, threshold: float) -> float:
        """The share of messages with nothing but unseen words that is detected in nine windows of ten.

        Such a share adds itself to `oov_gt`, so the answer follows from the null alone.
        """
        oov = list(Statistic).index(Statistic.OOV_GT)
        return float(np.clip(self.alarm_at(threshold)[oov] + POWER_SDS * self.sd[oov], 0.0, 1.0))
