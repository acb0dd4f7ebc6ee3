import pytest

from pipeline.served.text_features import MESSAGE_FORM


def links(text: str) -> float:
    return dict(zip(MESSAGE_FORM.names, MESSAGE_FORM.count(text), strict=True))["links"]


@pytest.mark.parametrize("piece", ["a-", "-", "-a", "a.", "a-.", "1", "1 ", "1(", "£", "www.", "https://", "x/", "+"])
def test_a_long_hostile_text_is_counted_in_linear_time(piece):
    # A quadratic expression would need minutes for this.
    assert MESSAGE_FORM.count(piece * 100_000)[0] == 100_000 * len(piece)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("see prize.com and claim-my22.vip/a12", 2),
        ("--prize.com, -a-b.net", 2),
        ("a.b.prize.co.uk/x.com", 1),
        ("a-www.prize.com", 1),
        ("-.com ---.com .com", 0),
        ("call me.it is late", 0),
        ("http://prize.example?u=1 (www.prize)", 2),
    ],
)
def test_a_link_is_an_address_with_a_scheme_or_a_known_ending(text, count):
    assert links(text) == count
