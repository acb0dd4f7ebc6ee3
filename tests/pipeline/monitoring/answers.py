"""A stand-in for a version: it calls texts with a marked word positive, surely or less so by what else they hold."""

from collections.abc import Sequence

from pipeline.served.protocols import Answer

MARK = "prize"


def marked(texts: Sequence[str], share: float, kind: str = "") -> list[str]:
    """The texts with that share of them, the first ones, marked as positive ones; `kind` adds a word of their own."""
    count = round(len(texts) * share)
    return [f"{text} {MARK} {kind}".strip() if place < count else text for place, text in enumerate(texts)]


def answer(texts: Sequence[str]) -> list[Answer]:
    """P(positive) follows from the mark and from the letters of the text, so that no two texts tie."""
    return [_answer(text) for text in texts]


def _answer(text: str) -> Answer:
    noise = (sum(map(ord, text)) * 2_654_435_761 % 2**32) / 2**32
    score = 0.6 + 0.4 * noise if MARK in text else 0.4 * noise
    return Answer(int(score >= 0.5), score)
