"""Two versions compared on the same rows, by the rows that one of them alone has right.

Pure: no clock, no files, no model calls. `won` rows are right in the challenger alone, `lost` rows in the champion
alone, of `n` in all.
"""

from math import ceil, comb, sqrt

# The standard normal quantiles at 0.95 and 0.995: one-sided 5%, and two-sided 1%.
Z_95 = 1.6448536269514722
Z_99_TWO_SIDED = 2.5758293035489004
LEAST_LABELS_TO_ASK, MOST_LABELS_TO_ASK = 20, 5_000


def paired_gain(won: int, lost: int, n: int, z: float = Z_95) -> tuple[float, float, float]:
    """Accuracy of challenger minus champion with its interval: two-sided 90% by default, so each end bounds at 95%.

    Adjusted Wald interval for paired proportions: Bonett and Price, Statistics in Medicine 31 (2012), 479-488.
    """
    p_won, p_lost = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    half = z * sqrt((p_won + p_lost - (p_won - p_lost) ** 2) / (n + 2))
    centre = p_won - p_lost
    return (won - lost) / n, max(-1.0, centre - half), min(1.0, centre + half)


def mcnemar_mid_p(won: int, lost: int) -> float:
    """One-sided mid-p value of "the challenger is no better", over the discordant rows (Fagerland et al., BMC MRM 13
    (2013), 91).
    """
    n = won + lost
    at_least = sum(comb(n, k) for k in range(won, n + 1))
    return float((at_least - comb(n, won) / 2) / 2**n)


def more_labels_to_decide(won: int, lost: int, n: int, by: float) -> int:
    """How many more labels narrow the interval enough to settle `gain > by`, if the rates seen so far hold (normal
    approximation).
    """
    gain = (won - lost) / n
    rate = max(won + lost, 1) / n
    # A gain above the line still has to be told from zero; one below the line, from the line itself.
    distance = gain if gain > by else by - gain
    needed = MOST_LABELS_TO_ASK if distance <= 0 else ceil(Z_95**2 * (rate - gain**2) / distance**2)
    return min(max(needed - n, LEAST_LABELS_TO_ASK), MOST_LABELS_TO_ASK)
