"""The scale of every drift score: 0 when typical, 0.15 at the alarm line, below 1.

Pure: no clock, no files, no model calls.
"""

from math import log, log1p

ALARM_LINE = 0.15
# A z of 1 is mapped to the alarm line.
BASE = 1.0 - ALARM_LINE
# Standard normal quantile at 0.90: what a window can detect, it detects in nine cases of ten.
POWER_SDS = 1.2816


def score_of(z: float) -> float:
    """1 - 0.85^max(0, z): 0 when typical, 0.15 at the alarm line, exactly so thanks to rounding to 12 digits."""
    return round(1.0 - float(BASE ** max(0.0, z)), 12)


def z_of(score: float) -> float:
    """The z that a score in [0, 1) belongs to."""
    return log1p(-score) / log(BASE)
