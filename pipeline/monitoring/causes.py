"""What most likely is behind an alarm. Pure: no clock, no files, no model calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """The kinds of change that can be told apart."""

    NEW_CAMPAIGN = "new_campaign"
    NEW_WORDS = "new_words"
    CLASS_MIX = "class_mix"
    FORMAT_CHANGE = "format_change"


SENTENCES = {
    Cause.NEW_CAMPAIGN: "a new campaign: positive messages or repeated phrases unlike any in training",
    Cause.NEW_WORDS: "new words: messages speak of what the training texts do not",
    Cause.CLASS_MIX: "a changed class mix: familiar messages in other proportions",
    Cause.FORMAT_CHANGE: "a changed format: messages are cut, written or assembled in another way",
}


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What the cause is read from; each is None where it is unknown.

    `campaign`, `mix` and `form` are scores on the usual scale, `words` is that of the share of unseen words alone;
    `patterns_share` is the share of messages of the largest new pattern.
    """

    words: float | None
    campaign: float | None
    mix: float | None
    form: float | None
    patterns_share: float


def likely_causes(signs: Signs, threshold: float) -> tuple[Cause, ...]:
    """The causes of a window that alarmed, the most telling first; none when nothing points anywhere.

    Scores that shift while no word is new and no positive message is of a new kind are a class mix, which makes the
    words of the class that grew look like patterns. New kinds of messages shift the scores by themselves. A change of
    form comes first where it is the largest change, and is not named beside a campaign that is larger.
    """
    campaign, words, mix, form = (
        score if score is not None and score > threshold else 0.0
        for score in (signs.campaign, signs.words, signs.mix, signs.form)
    )
    if mix and not campaign and not words:
        named = [Cause.CLASS_MIX]
    else:
        by_patterns = signs.patterns_share > 0 and not campaign
        held = ((Cause.NEW_CAMPAIGN, campaign), (Cause.NEW_WORDS, words), (Cause.NEW_CAMPAIGN, by_patterns))
        named = [cause for cause, holds in held if holds]
    if form > max(campaign, words, mix):
        named.insert(0, Cause.FORMAT_CHANGE)
    elif form and not campaign:
        named.append(Cause.FORMAT_CHANGE)
    return tuple(named)


def cause_sentence(causes: Sequence[Cause]) -> str:
    """One sentence; says so when nothing points anywhere."""
    if not causes:
        return "Nothing points to one cause."
    return f"Likely cause: {'; '.join(SENTENCES[cause] for cause in causes)}."
