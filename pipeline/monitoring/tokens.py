"""How monitoring reads a text: words for the drift scores, masked terms for new patterns.

Pure: no clock, no files, no model calls.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from pipeline.data.homes import text_key

URL, MONEY, NUMBER = "<url>", "<money>", "<number>"

WORD = re.compile(r"\w\w+")
_SHORT_OR_LONG_WORD = re.compile(r"\w+")
_MASKED_WORD = re.compile(rf"{URL}|{MONEY}|{NUMBER}|\w\w+")
# The look-behinds let a match begin only where a run begins: hostile text costs linear time.
# A bare host is told from two sentences without a space between them by its ending, or by a path behind it.
_HOST = r"(?<![\w.-])[\w-]+(?:\.[\w-]+)*\."
_ENDINGS = r"(?:com|net|org|info|biz|uk|io|tv|ly|xyz|top|app|shop|live|click|online|site|vip|cc)\b"
_URL = re.compile(rf"(?:https?://|www\.)\S+|{_HOST}(?:[a-z]{{2,}}/\S*|{_ENDINGS})")
_MONEY = re.compile(
    r"[£$€¥₿]\s?\d[\d.,]*k?|(?<![\w.,])\d[\d.,]*\s?(?:[£$€¥₿]|(?:gbp|usd|eur|btc|pounds?|dollars?|euros?)\b)"
)
_NUMBER = re.compile(r"(?<!\w)\+?\d[\d.,:/-]*")


def tokenize(text: str) -> list[str]:
    """The words of a text in lower case; a word is two or more letters, digits or underscores in a row."""
    return WORD.findall(text.lower())


def short_and_long_words(text: str) -> list[str]:
    """The words of a text in lower case, with those of a single sign: `i` and `a` tell much of how it is written."""
    return _SHORT_OR_LONG_WORD.findall(text.lower())


def unique_texts(texts: Iterable[str]) -> list[str]:
    """One text for each run of letters and digits, sorted, so that neither order nor repeats change a result."""
    by_key: dict[str, str] = {}
    for text in sorted(texts):
        by_key.setdefault(text_key(text), text)
    return sorted(by_key.values())


def pattern_terms(text: str) -> set[str]:
    """The words and neighbouring pairs of words of a text whose addresses, amounts and numbers are masked."""
    masked = _URL.sub(f" {URL} ", text.lower())
    masked = _MONEY.sub(f" {MONEY} ", masked)
    words = _MASKED_WORD.findall(_NUMBER.sub(f" {NUMBER} ", masked))
    return set(words).union(f"{first} {second}" for first, second in pairwise(words))
