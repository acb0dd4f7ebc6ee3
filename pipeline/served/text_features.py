"""Numbers counted in a text, by the name of a function, in training and in serving alike.

Pure: no clock, no files, no model calls.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_WORD = re.compile(r"\w+")
# The look-behind lets a host begin only where a run begins: hostile text costs linear time.
_HOST = r"(?<![\w-])-*\b[\w-]+"
_LINK = re.compile(
    rf"(?:https?://|www\.)\S+|{_HOST}\.(?:com|net|org|info|co\.uk|top|live|click|vip|cc|online|biz)\b\S*", re.I
)
_PHONE = re.compile(r"\+?\d[\d\s()-]{7,}\d")
_CURRENCY = re.compile(r"[£$€¥₹]|\b(?:gbp|usd|eur|pounds?|euros?|dollars?)\b", re.I)
_DIGITS = re.compile(r"\d+")
_SHORT_FORMS = frozenset(("u", "ur", "r", "4", "2", "b", "c", "n", "k", "d", "da", "wat", "lor", "lol", "haha", "im"))


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One number: its name for monitoring, and how an explanation says it, with the value in its place."""

    name: str
    said: str

    def phrase(self, value: float) -> str:
        return self.said.format(value)


@dataclass(frozen=True, kw_only=True)
class FeatureFunction:
    """The features in order, and the function that counts them in a text."""

    features: tuple[Feature, ...]
    count: Callable[[str], tuple[float, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)


def message_form(text: str) -> tuple[float, ...]:
    """Fourteen numbers of a short message, in the order of MESSAGE_FORM: what it looks like, not what it says."""
    words = _WORD.findall(text)
    characters = len(text)
    letters = [sign for sign in text if sign.isalpha()]
    digits = sum(sign.isdigit() for sign in text)
    punctuation = sum(not sign.isalnum() and not sign.isspace() for sign in text)
    numbers = _DIGITS.findall(text)
    return (
        float(characters),
        float(len(words)),
        sum(map(len, words)) / len(words) if words else 0.0,
        float(punctuation),
        float(text.count("!")),
        float(text.count("?")),
        float(digits),
        float(max(map(len, numbers), default=0)),
        sum(sign.isupper() for sign in letters) / len(letters) if letters else 0.0,
        float(sum(word.isupper() and len(word) > 1 for word in words)),
        float(len(_CURRENCY.findall(text))),
        float(len(_LINK.findall(text))),
        float(len(_PHONE.findall(text))),
        sum(word.lower() in _SHORT_FORMS for word in words) / len(words) if words else 0.0,
    )


MESSAGE_FORM = FeatureFunction(
    features=(
        Feature(name="characters", said="{:g} characters"),
        Feature(name="words", said="{:g} words"),
        Feature(name="letters a word", said="{:.1f} letters a word"),
        Feature(name="punctuation marks", said="{:g} punctuation marks"),
        Feature(name="exclamation marks", said="{:g} exclamation marks"),
        Feature(name="question marks", said="{:g} question marks"),
        Feature(name="digits", said="{:g} digits"),
        Feature(name="longest number", said="a longest number of {:g} digits"),
        Feature(name="share of capitals", said="{:.0%} capitals"),
        Feature(name="words in capitals", said="{:g} words in capitals"),
        Feature(name="currency signs", said="{:g} currency signs"),
        Feature(name="links", said="{:g} links"),
        Feature(name="phone numbers", said="{:g} phone numbers"),
        Feature(name="share of short forms", said="{:.0%} short forms"),
    ),
    count=message_form,
)

FUNCTIONS: Mapping[str, FeatureFunction] = {"message_form": MESSAGE_FORM}
