"""What the agent repeats of strangers' messages makes no browser fetch anything, and offers no link."""

import re

import pytest
from markdown_it import MarkdownIt

from dashboard.harmless import harmless

FETCHED = "https://evil.example/beacon.png"
HOSTILE = [
    f"![seen]({FETCHED})",
    f"[![seen]({FETCHED})]({FETCHED})",
    f"[click]({FETCHED} 'title')",
    f"![seen][1]\n\n[1]: {FETCHED}",
    f"<{FETCHED}>",
    f"<img src={FETCHED}>",
    f"\\![seen]({FETCHED})",
    f"\\\\![seen\\]({FETCHED})",
    f"!\\[seen]({FETCHED})",
    f"a `code` ![seen]({FETCHED}) `",
    f"- list\n- ![seen]({FETCHED})",
    f":red[![seen]({FETCHED})]",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_picture_no_link_and_no_html_is_left(text: str) -> None:
    page = MarkdownIt("commonmark", {"html": False}).render(harmless(text))
    assert not re.search("<(a|img)", page), page


@pytest.mark.parametrize("text", [FETCHED, "see HTTP://evil.example", "see www.evil.example"])
def test_a_bare_address_is_no_link_either(text: str) -> None:
    assert not re.search(r"https?://\w|www\.", harmless(text), re.IGNORECASE)
    assert harmless(text).replace("\u200b", "") == text


def test_emphasis_lists_and_code_stay_and_brackets_are_read_as_such() -> None:
    page = MarkdownIt("commonmark").render(harmless("**v2** has:\n\n- `accuracy` of 0.95 [0.93, 0.97]"))
    assert "<strong>v2</strong>" in page
    assert "<li><code>accuracy</code> of 0.95 [0.93, 0.97]</li>" in page
