import pytest

from pipeline.monitoring.tokens import pattern_terms, tokenize, unique_texts


def test_a_word_has_two_or_more_characters_and_is_lower_case():
    assert tokenize("Win a FREE prize, u 2! Über_cool") == ["win", "free", "prize", "über_cool"]


def test_emoji_are_no_words():
    assert tokenize("🔥🔥 ❤️ ok 😀") == ["ok"]


def test_texts_with_the_same_letters_and_digits_are_one():
    assert unique_texts(["Call now!", "call NOW", "call-now", "call later"]) == ["Call now!", "call later"]


def test_unique_texts_do_not_depend_on_the_order():
    texts = ["b b", "Bb", "a", "A.", "", "  ", "!!"]
    assert unique_texts(texts) == unique_texts(texts[::-1])


def test_addresses_amounts_and_numbers_are_masked():
    terms = pattern_terms("Pay £3.50 or 20 dollars at http://x.example/a?b=1 or parcel-fee.top, ref 07712/345")
    assert {"<money>", "<url>", "<number>", "pay <money>", "ref <number>"} <= terms
    assert not any(character.isdigit() for term in terms for character in term)


def test_digits_inside_a_word_stay():
    assert "gr8" in pattern_terms("that is gr8")


def test_an_address_needs_no_scheme():
    assert pattern_terms("see claim-my22.vip/a12 now") == {"see", "<url>", "now", "see <url>", "<url> now"}
    assert "<url>" not in pattern_terms("call me.it is late")


@pytest.mark.parametrize("piece", ["a-", "a.", "1.", "1,", "£1", "www.", "https://", "x/"])
def test_a_long_hostile_text_is_read_in_linear_time(piece: str):
    # A quadratic expression would need minutes for this.
    assert len(pattern_terms(piece * 100_000)) < 10


def test_two_spellings_of_an_amount_give_the_same_terms():
    assert pattern_terms("win £500 now") == pattern_terms("win £1,000 now")
