from collections import Counter
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.monitoring.emergence import g_squared, hypergeometric_tail, new_patterns
from pipeline.monitoring.tokens import pattern_terms
from tests.pipeline.monitoring.texts import calm_texts, campaign_texts

REFERENCE = calm_texts(1000, seed=1)
FREQUENCY = {
    term: count for term, count in Counter(t for text in REFERENCE for t in pattern_terms(text)).items() if count > 1
}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_the_hypergeometric_tail_agrees_with_exact_counting(data: st.DataObject):
    all_ = data.draw(st.integers(1, 120))
    drawn, marked = data.draw(st.integers(0, all_)), data.draw(st.integers(0, all_))
    found = data.draw(st.integers(0, drawn))
    ways = sum(comb(marked, k) * comb(all_ - marked, drawn - k) for k in range(found, drawn + 1))
    exact = float(Fraction(ways, comb(all_, drawn)))
    assert hypergeometric_tail(found, drawn, marked, all_) == pytest.approx(exact, rel=1e-9, abs=1e-15)


def test_g2_is_zero_for_equal_shares_and_grows_with_the_difference():
    assert g_squared(10, 100, 50, 500) == pytest.approx(0, abs=1e-9)
    assert g_squared(40, 100, 50, 500) > g_squared(20, 100, 50, 500) > 0


@pytest.mark.parametrize("size", [30, 50, 100, 200, 500])
def test_calm_windows_hold_no_new_pattern(size: int):
    found = [new_patterns(FREQUENCY, len(REFERENCE), calm_texts(size, seed=50 + turn)) for turn in range(16)]
    assert sum(map(bool, found)) <= 1


def test_the_campaigns_of_a_window_are_told_apart():
    window = calm_texts(140, seed=2) + campaign_texts(60, seed=2)
    patterns = new_patterns(FREQUENCY, len(REFERENCE), window)
    words = [{word for term in pattern.terms for word in term.split()} for pattern in patterns]
    for telling in ("customs", "toll", "telegram", "refund"):
        assert sum(telling in group for group in words) <= 1
    named = set().union(*words)
    assert named & {"courier", "parcel", "customs", "held", "redelivery", "fee"}
    assert named & {"toll", "motorway", "charge", "unpaid", "settle", "invoice"}
    assert named & {"recruiter", "remote", "interview", "telegram"}


def test_patterns_come_strongest_first_and_say_how_many_messages():
    window = calm_texts(100, seed=2) + campaign_texts(48, seed=2)
    patterns = new_patterns(FREQUENCY, len(REFERENCE), window)
    assert [pattern.g2 for pattern in patterns] == sorted((pattern.g2 for pattern in patterns), reverse=True)
    for pattern in patterns:
        holders = sum(pattern.terms[0] in pattern_terms(text) for text in window)
        assert (pattern.count, pattern.share) == (holders, holders / len(window))
        assert pattern.count >= 3
        assert pattern.lift >= 4


def test_two_messages_are_no_pattern_and_many_are():
    calm = calm_texts(100, seed=3)
    scam = [f"unheardof phrase number {place}" for place in range(12)]
    assert not any("unheardof" in p.terms[0] for p in new_patterns(FREQUENCY, len(REFERENCE), calm + scam[:2]))
    assert any("unheardof" in " ".join(p.terms) for p in new_patterns(FREQUENCY, len(REFERENCE), calm + scam))


def test_a_term_counts_once_a_message():
    window = [*calm_texts(99, seed=3), "shouted " * 50]
    assert not any("shouted" in " ".join(p.terms) for p in new_patterns(FREQUENCY, len(REFERENCE), window))


def test_a_frequent_known_term_needs_four_times_its_share():
    frequency = {"offer": 100}
    calm = [f"w{place}a w{place}b" for place in range(200)]
    thrice = [f"offer q{place}" for place in range(86)]
    five_times = [f"offer q{place}" for place in range(200)]
    assert not any(p.terms == ("offer",) for p in new_patterns(frequency, 1000, calm + thrice))
    assert any("offer" in p.terms for p in new_patterns(frequency, 1000, calm + five_times))


def test_numbers_and_addresses_do_not_hide_a_pattern():
    window = calm_texts(80, seed=4) + [f"code {place * 31} at http://s{place}.example/{place}" for place in range(20)]
    terms = {term for pattern in new_patterns(FREQUENCY, len(REFERENCE), window) for term in pattern.terms}
    assert any("<url>" in term for term in terms)


def test_no_texts_hold_no_pattern():
    assert new_patterns(FREQUENCY, len(REFERENCE), []) == ()


def test_no_more_patterns_than_asked_for():
    window = calm_texts(100, seed=2) + campaign_texts(60, seed=2)
    assert len(new_patterns(FREQUENCY, len(REFERENCE), window, limit=2)) == 2
