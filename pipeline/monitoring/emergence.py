"""New patterns: terms that far more messages of a window hold than the reference lets expect.

Pure: no clock, no files, no model calls.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, lgamma, log
from typing import Any

from pipeline.monitoring.tokens import pattern_terms

MIN_MESSAGES = 3
MIN_LIFT = 4.0
FALSE_DISCOVERY_RATE = 0.01
MOST_PATTERNS = 20
MOST_TERMS = 5
# A term joins a pattern when more than this part of the messages that hold either of them hold both: a term of half
# the messages that every campaign uses, such as a web address, would otherwise swallow all campaigns.
SHARED = 0.5


@dataclass(frozen=True, kw_only=True)
class NewPattern:
    """Terms that came up together; `count`, `share` of the window's messages, `lift` and `g2` are of the first one."""

    terms: tuple[str, ...]
    count: int
    share: float
    lift: float
    g2: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"terms": list(self.terms)}


@dataclass(frozen=True, kw_only=True)
class _Term:
    name: str
    messages: frozenset[int]
    lift: float
    g2: float
    p_value: float


def new_patterns(
    frequency: Mapping[str, int], reference_texts: int, texts: Sequence[str], *, limit: int = MOST_PATTERNS
) -> tuple[NewPattern, ...]:
    """The new patterns of de-duplicated `texts`, the strongest first.

    `frequency` gives in how many of `reference_texts` texts a term occurs; one that it lacks is taken to occur once.
    Hypergeometric tail over messages, with the false discovery rate of Benjamini and Hochberg (JRSS B 57 (1995), 289).
    """
    holders = _holders(texts)
    tests = _tests(frequency, holders)
    candidates = [
        _measure(term, frozenset(messages), len(texts), frequency.get(term, 1), reference_texts)
        for term, messages in holders.items()
        if len(messages) >= MIN_MESSAGES
        and len(messages) * reference_texts >= MIN_LIFT * frequency.get(term, 1) * len(texts)
    ]
    return tuple(_pattern(group, len(texts)) for group in _grouped(_significant(candidates, tests))[:limit])


def _holders(texts: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of the texts that hold each term."""
    holders: dict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        for term in pattern_terms(text):
            holders[term].append(number)
    return holders


def _tests(frequency: Mapping[str, int], holders: Mapping[str, Sequence[int]]) -> int:
    """How many terms might have been called new.

    Known terms that the window lacks are among them: to count only those that it holds would pick the lucky ones.
    A term too rare, here and there together, to ever be called new is no test (Tarone, Biometrics 46 (1990), 515).
    """
    absent = sum(1 for term, known in frequency.items() if known > MIN_MESSAGES and term not in holders)
    held = sum(1 for term, found in holders.items() if len(found) + frequency.get(term, 1) > MIN_MESSAGES)
    return absent + held


def _measure(name: str, messages: frozenset[int], texts: int, known: int, reference_texts: int) -> _Term:
    found = len(messages)
    return _Term(
        name=name,
        messages=messages,
        lift=(found / texts) / (known / reference_texts),
        g2=g_squared(found, texts, known, reference_texts),
        p_value=hypergeometric_tail(found, texts, found + known, texts + reference_texts),
    )


def hypergeometric_tail(found: int, drawn: int, marked: int, all_: int) -> float:
    """P(at least `found` marked) among `drawn` of `all_`, of which `marked` are marked, without replacement."""
    low, high = max(found, drawn + marked - all_, 0), min(drawn, marked)
    if low > high:
        return 0.0
    term = exp(_log_choose(marked, low) + _log_choose(all_ - marked, drawn - low) - _log_choose(all_, drawn))
    total = 0.0
    for k in range(low, high + 1):
        total += term
        if term < total * 1e-17:
            break
        term *= (marked - k) * (drawn - k) / ((k + 1) * (all_ - marked - drawn + k + 1))
    return min(total, 1.0)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def g_squared(found: int, texts: int, known: int, reference_texts: int) -> float:
    """Log-likelihood ratio of the two message frequencies (Dunning, Computational Linguistics 19 (1993), 61)."""
    rate = (found + known) / (texts + reference_texts)
    cells = (
        (found, texts * rate),
        (texts - found, texts * (1 - rate)),
        (known, reference_texts * rate),
        (reference_texts - known, reference_texts * (1 - rate)),
    )
    return 2 * sum(seen * log(seen / expected) for seen, expected in cells if seen > 0)


def _significant(candidates: Sequence[_Term], tests: int) -> list[_Term]:
    """The candidates that pass Benjamini-Hochberg over all `tests`, by falling G2.

    Terms that were left out count as tests but never as discoveries, which can only make the line stricter.
    """
    ordered = sorted(candidates, key=lambda term: term.p_value)
    passed = [
        rank for rank, term in enumerate(ordered, 1) if term.p_value <= FALSE_DISCOVERY_RATE * rank / max(tests, rank)
    ]
    return sorted(ordered[: max(passed, default=0)], key=lambda term: (-term.g2, -len(term.name), term.name))


def _grouped(terms: Sequence[_Term]) -> list[list[_Term]]:
    """Terms that share messages, together: each joins the first group whose first term holds enough of its messages."""
    groups: list[list[_Term]] = []
    for term in terms:
        for group in groups:
            if len(term.messages & group[0].messages) > SHARED * len(term.messages | group[0].messages):
                group.append(term)
                break
        else:
            groups.append([term])
    return groups


def _pattern(group: Sequence[_Term], texts: int) -> NewPattern:
    first = group[0]
    return NewPattern(
        terms=_telling(group),
        count=len(first.messages),
        share=len(first.messages) / texts,
        lift=first.lift,
        g2=first.g2,
    )


def _telling(group: Sequence[_Term]) -> tuple[str, ...]:
    """The first terms of a group that each add a word which those before them do not have."""
    shown: list[str] = []
    words: set[str] = set()
    for term in group:
        if not words.issuperset(term.name.split()) and len(shown) < MOST_TERMS:
            shown.append(term.name)
            words.update(term.name.split())
    return tuple(shown)
