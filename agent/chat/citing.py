"""Which figures of an answer nobody gave. Pure: no clock, no files, no model calls.

Digits inside a name or an id stand for nothing, and those of a date or a time of day only for that day and that time:
an id with a 92 in it does not allow to speak of 92 labels.
"""

import re
from collections.abc import Mapping

from agent.deliberation.grounding import numbers_in, ungrounded

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(MONTHS)})[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<year>\d{4}))?"
_DATE = re.compile(
    r"(?<!\w)(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:(?:T| |, | at )(?P<time>\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?(?!\w)"
)
_TIME = re.compile(r"(?<![\w.:])(?P<time>\d{1,2}:\d{2})(?::\d{2})?(?![\w:])")
_WORDED = tuple(
    re.compile(rf"\b{form}\b", re.IGNORECASE)
    for form in (rf"{_DAY} (?:of )?{_MONTH}{_YEAR}", rf"{_MONTH} {_DAY}{_YEAR}")
)


def not_given(said: str, known: Mapping[str, float], given: str) -> list[str]:
    """The figures in `said` that are neither among the known numbers nor in the text that was given."""
    bare = _TIME.sub(" ", _DATE.sub(" ", given))
    numbers = {f"text.{place}.version": value for place, value in enumerate(numbers_in(bare))}
    return ungrounded(_without_times(said, given), {**known, **numbers})


def _without_times(said: str, given: str) -> str:
    """An answer without the dates and times of day that were given."""
    for worded in _WORDED:
        said = worded.sub(lambda found: " " if _worded_date(found) in given else found.group(0), said)
    said = _DATE.sub(lambda found: " " if _is_given(found, given) else found.group(0), said)
    return _TIME.sub(lambda found: " " if _stands_in(found["time"], given) else found.group(0), said)


def _is_given(found: re.Match[str], given: str) -> bool:
    return found["date"] in given and (found["time"] is None or _stands_in(found["time"], given))


def _stands_in(time: str, given: str) -> bool:
    return re.search(rf"(?<!\d){time}(?!\d)", given) is not None


def _worded_date(found: re.Match[str]) -> str:
    """`21 November 2026` as it stands in what tools give: 2026-11-21."""
    month = MONTHS.index(found["month"].lower()) + 1
    day = f"{month:02d}-{int(found['day']):02d}"
    return f"{found['year']}-{day}" if found["year"] else f"-{day}"
