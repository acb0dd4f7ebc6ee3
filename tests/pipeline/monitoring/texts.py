"""Texts that the monitoring tests are made of: calm ones drawn from one vocabulary, campaigns from templates."""

import numpy as np

SYLLABLES = ("ba", "re", "ti", "mo", "lu", "ke", "so", "da", "ni", "fa", "go", "he", "zu", "pi", "wa", "cy")
WORDS = np.array([a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
# Zipf's law: the k-th word is drawn with a probability proportional to 1 / k.
WEIGHTS = (1 / np.arange(1, len(WORDS) + 1)) / (1 / np.arange(1, len(WORDS) + 1)).sum()

CAMPAIGNS = (
    "Your {coin} wallet is locked, verify the seed phrase at {site} within {n} hours",
    "Airdrop: claim {n} {coin} tokens before staking closes, connect wallet at {site}",
    "Courier: parcel #{n} is held at customs, pay the redelivery fee on {site}",
    "Toll office: unpaid motorway charge, settle invoice {n} through {site} to avoid penalty",
    "Recruiter here: remote job, {n} dollars daily, interview over telegram, apply at {site}",
    "Tax refund {n} approved, confirm your bank details using {site} today",
)
COINS = ("bitcoin", "ethereum", "solana", "dogecoin", "tether", "cardano")
SITES = ("walletcheck.io", "parcel-fee.top", "tollpay.xyz", "jobfast.online", "refund-desk.site", "claimnow.app")


def calm_texts(count: int, seed: int) -> list[str]:
    """Different texts of 3 to 24 words, all drawn alike."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 25, size=count)
    words = WORDS[rng.choice(len(WORDS), size=lengths.sum(), p=WEIGHTS)]
    return [" ".join(part) for part in np.split(words, np.cumsum(lengths)[:-1])]


def campaign_texts(count: int, seed: int) -> list[str]:
    """Different messages of six scams that no calm text and no message of the collection resembles."""
    rng = np.random.default_rng(seed)
    return [
        CAMPAIGNS[place % len(CAMPAIGNS)].format(coin=rng.choice(COINS), site=rng.choice(SITES), n=1000 + 7 * place)
        for place in range(count)
    ]


def foreign_texts(count: int, seed: int) -> list[str]:
    """Different texts of which no word is known."""
    return [" ".join(f"x{word}q" for word in text.split()) for text in calm_texts(count, seed)]
