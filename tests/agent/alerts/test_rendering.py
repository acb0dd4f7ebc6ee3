"""Whatever text a notice carries, no channel makes a mention, a link, a header or markup out of it."""

import json
import re
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerts.escaping import JOINER, for_slack, harmless
from agent.alerts.links import Places, address, links
from agent.alerts.mail_text import mail_of
from agent.alerts.payload import payload_of, signature
from agent.alerts.slack_blocks import Button, MessageToLabel, answer_blocks, blocks_of, text_of
from tests.agent.alerts.block_kit import problems
from tests.agent.alerts.builders import ANY, any_notice, notice_with, texts

PLACES = Places(agent="https://agent.example", dashboard="https://dash.example/a", mlflow="https://mlflow.example")
OURS = re.compile(r"<https://(agent|dash|mlflow)\.example[^|<>]*\|(Dashboard|Decision|MLflow)>")
# What Slack and mail programs turn into a link or a mention by themselves.
LINKING = re.compile(r"https?://|www\.\w|\w@\w|[@#]\w|mailto:\w|[a-z]\.[a-z]{2}", re.IGNORECASE)
BUTTONS = (Button(words="Approve", action="approve", button_id="a" * 32, style="primary", confirm="Sure?"),)


def shown(block) -> list[tuple[str, str]]:
    """The texts of a block with their kinds."""
    found = [block[name] for name in ("text",) if name in block]
    found += list(block.get("fields", ())) + [one for one in block.get("elements", ()) if "text" in one]
    return [(one["type"], one["text"] if isinstance(one["text"], str) else one["text"]["text"]) for one in found]


@ANY
@given(texts)
def test_text_for_slack_holds_no_markup_and_nothing_that_becomes_a_link(text):
    made = for_slack(text, 300)
    assert not set(made) & set("<>\n\r\x00\u202e")
    assert re.fullmatch(r"(?:[^&]|&amp;|&lt;|&gt;)*", made)
    plain = made.replace("&lt;", " ").replace("&gt;", " ").replace("&amp;", " ")
    assert not LINKING.search(plain)


@ANY
@given(texts)
def test_harmless_text_reads_as_it_was_written(text):
    made = harmless(text, 10_000).replace(JOINER, "")
    visible = [char for char in text if char.isprintable() and not char.isspace()]
    assert [char for char in made if not char.isspace()] == [char for char in visible if char in set(made)]


@pytest.mark.parametrize("text", ["0.23", "margin +0.080, 93.0% of 1.5", "accuracy 98.5%.", "sms_spam v1"])
def test_figures_and_names_stay_as_they_are(text):
    assert for_slack(text, 300) == text


@ANY
@given(any_notice, st.lists(texts, max_size=2))
def test_every_notice_keeps_the_limits_of_block_kit_and_links_only_to_us(notice, messages):
    labels = tuple(Button(words=word, action="label", button_id=word * 16) for word in ("ha", "sp"))
    to_label = [
        MessageToLabel(
            text=text,
            buttons=tuple(Button(words=one.words, action="label", button_id=f"{place}{one.words}") for one in labels),
        )
        for place, text in enumerate(messages)
    ]
    for made in (
        blocks_of(notice, PLACES, BUTTONS, to_label),
        blocks_of(notice, PLACES, (), ()),
        blocks_of(notice, PLACES, closing=notice.headline),
    ):
        assert problems(made) == []
        for block in made:
            for kind, text in shown(block):
                if kind == "mrkdwn":
                    assert not set(OURS.sub("", text)) & set("<>")
    assert not set(text_of(notice)) & set("<>")


@ANY
@given(texts, st.integers(0, 3))
def test_an_answer_of_the_chat_keeps_the_limits_too(text, copies):
    made = answer_blocks("\n".join([text] * 10**copies))
    assert problems(made) == []
    assert not set(json.dumps(made)) & set("<>")


def test_a_closed_message_has_no_buttons_any_more_and_says_how_it_ended():
    notice = notice_with(ask={"approval_id": "a1"})
    made = blocks_of(notice, PLACES, BUTTONS, closing="Approved by ann.")
    assert [block["type"] for block in made].count("actions") == 0
    assert "Approved by ann." in json.dumps(made)


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.hrefs, self.text = set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.text += "\n"
        self.hrefs += [value for name, value in attrs if name in ("href", "src", "onerror")]

    def handle_data(self, data):
        self.text += data


OUR_TAGS = {
    "html", "head", "meta", "title", "body", "h2", "h3", "p", "table", "tr", "th", "td", "ul", "li", "a",
}  # fmt: skip


@ANY
@given(any_notice)
def test_a_mail_has_our_headers_our_tags_and_our_links_only(notice):
    sent = mail_of(notice, PLACES, "refit@ours.example", ["a@ours.example"]).as_bytes()
    read = message_from_bytes(sent, policy=policy.default)
    assert set(read.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "References", "X-Refit-Id", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    parsed = Links()
    parsed.feed(read.get_body(("html",)).get_content())
    assert parsed.tags <= OUR_TAGS
    assert all(href.startswith("https://") and href.split("/")[2].endswith(".example") for href in parsed.hrefs)
    assert len(parsed.hrefs) == len(links(notice, PLACES))
    assert not LINKING.search(parsed.text)


def test_a_mail_sent_again_is_the_same_mail_and_one_incident_is_one_thread():
    first, again = (mail_of(notice_with(), PLACES, "r@x.example", ["a@x.example"]) for _ in range(2))
    later = mail_of(notice_with(key="d2:told"), PLACES, "r@x.example", ["a@x.example"])
    assert first["Message-ID"] == again["Message-ID"] != later["Message-ID"]
    assert first["References"] == later["References"]


def test_plain_text_and_html_say_the_same():
    mail = mail_of(notice_with(), PLACES, "r@x.example", ["a@x.example"])
    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()
        for words in ("0.23", "above 0.15", "+0.08", "new campaign", "480", "retraining", "4.1% expected"):
            assert words in body, (kind, words)


@ANY
@given(any_notice)
def test_the_json_is_the_notice_whole_and_the_signature_covers_time_and_body(notice):
    body = payload_of(notice_with(headline="\u202e<b>"), PLACES)
    assert json.loads(body)["notice"]["headline"] == "\u202e<b>"
    signed = signature(body, "secret", 100)
    assert signed != signature(body, "secret", 101) != signature(body + b" ", "secret", 101)
    assert signed != signature(body, "another", 100)


@pytest.mark.parametrize("text", ["javascript:alert(1)", "https://a b", "https://x|y", "http://", "ftp://x", "<https>"])
def test_an_address_of_a_setting_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="address like"):
        address(text)
