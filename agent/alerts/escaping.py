"""Makes any text harmless where it is shown: no mention, no link, no hidden character. Pure: no clock, no files.

Text comes from rules, from an LLM, from people who answered, and (where a setting allows it) from messages that
strangers wrote. All of it is treated as the last.
"""

import re
import unicodedata

# Between two characters that a reader's program would join to an address or a name it makes them two words; it is not
# seen and does not break a line.
JOINER = "\u2060"
_SCHEME = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=mailto):|(?<=tel):", re.IGNORECASE)
_DOT = re.compile(r"(?<=\w)\.(?=\w)")
_NUMBER_DOT = re.compile(r"(?<!\w)[+-]?\d+\.\d+(?!\w|\.\d)")
_SIGN = re.compile(r"[@#](?=\w)")
# An underscore inside a word, as in a model's name, makes nothing italic.
_MARKS = re.compile(r"[*~`]|(?<!\w)_|_(?!\w)")
_SPACES = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")


def harmless(text: str, longest: int) -> str:
    """One line of at most `longest` characters in which nothing is hidden and nothing becomes a link or a mention."""
    shown = "".join(char for char in _SPACES.sub(" ", text) if _visible(char)).strip()
    if len(shown) > longest:
        shown = shown[: max(longest - 1, 0)] + "…"
    return _apart(shown)


def for_slack(text: str, longest: int) -> str:
    """`harmless`, with the three characters that Slack reads as markup replaced, and no bold, italics or code."""
    apart = harmless(text, longest)
    escaped = apart.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(rf"{JOINER}\g<0>{JOINER}", escaped)


def _visible(char: str) -> bool:
    """Not a control character, a direction switch, half of a surrogate pair or one without a meaning of its own."""
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _apart(text: str) -> str:
    """The same to the eye, with every address and every name cut in two. Plain decimals stay as they are."""
    numbers = {match.start(): match.end() for match in _NUMBER_DOT.finditer(text)}
    inside = {place for start, end in numbers.items() for place in range(start, end)}
    cut = _DOT.sub(lambda found: "." if found.start() in inside else f"{JOINER}.{JOINER}", text)
    return _SIGN.sub(lambda found: f"{found.group()}{JOINER}", _SCHEME.sub(f"{JOINER}:{JOINER}", cut))


def cut_to(text: str, longest: int) -> str:
    """At most `longest` characters of text that is escaped already; no entity is cut in two."""
    if len(text) <= longest:
        return text
    return re.sub(r"&[a-z#0-9]{0,6}$", "", text[: longest - 1]) + "…"
