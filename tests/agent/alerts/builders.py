"""Notices for tests: one with everything, and any that Hypothesis can think of."""

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from sqlalchemy import select

from agent.alerts import outbox
from agent.alerts.notice import Ask, Fact, Notice, NoticeKind, Severity
from pipeline.store.control import alert_outbox as table

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def notice_with(**changes) -> Notice:
    fields = {
        "key": "d1:told",
        "kind": NoticeKind.TROUBLE,
        "severity": Severity.WARNING,
        "model": "sms_spam",
        "title": "SMS spam",
        "thread": "d1",
        "headline": "sms_spam v1: messages have drifted",
        "at": AT,
        "version": 1,
        "decision_id": "d1",
        "window": "500 messages, 480 of them different",
        "facts": (Fact(name="vocabulary drift", observed="0.23", threshold="above 0.15", margin="+0.08", beyond=True),),
        "expected": ("share of unseen words 12.0% against 4.1% expected at 480 messages, alarm at 7.0%",),
        "diagnosis": "new campaign",
        "agent_reasons": ("Vocabulary drift is 0.23.",),
        "rule_reasons": ("Drift with labels (margin +0.080)",),
        "done": ("A retraining is under way.",),
    }
    return Notice(**fields | changes)


texts = st.text(st.characters(), max_size=30) | st.sampled_from(
    [
        "<!channel> <@U123> <https://evil.example|click>",
        "@here @channel look at https://evil.example/x?a=1&b=2",
        "mail me: someone@evil.example *bold* _it_ ~no~ `code`",
        "\u202ehidden\u202c \u200bzero\x00null\ud800",
        "&lt;!channel&gt; &amp;amp;",
        "x" * 5_000,
        "<" * 4_000,
        "line\nbreak\r\n> quote",
        "HTTPS://EVIL.EXAMPLE www.evil.example mailto:a@b.c #general",
    ]
)
many = st.lists(texts, max_size=4).map(tuple) | texts.map(lambda text: (text,) * 12)
facts = st.tuples(
    st.builds(Fact, name=texts, observed=texts, threshold=texts, margin=st.none() | texts, reading=texts)
).map(lambda one: one * 35) | st.just(())
asks = st.none() | st.builds(Ask, approval_id=texts, action=texts, expires_at=st.just(AT))
any_notice = st.builds(
    notice_with,
    kind=st.sampled_from(NoticeKind),
    severity=st.sampled_from(Severity),
    model=texts,
    title=texts,
    headline=texts,
    window=st.none() | texts,
    facts=facts,
    expected=many,
    diagnosis=st.none() | texts,
    agent_reasons=many,
    rule_reasons=many,
    done=many,
    ask=asks,
)

# The machine that runs the tests may be slow; what is measured is the outcome.
ANY = settings(deadline=None, max_examples=15)


def queued(store, channel: str = "slack") -> list[Notice]:
    """Every notice that the outbox has for a channel, whatever became of it, in the order of its queue."""
    columns = (table.c.notice_key,)
    with store.control.connect() as connection:
        keys = connection.execute(select(*columns).where(table.c.channel == channel).order_by(table.c.seq)).scalars()
        found = [outbox.by_key(store.control, channel, key) for key in keys.all()]
    return [row.notice for row in found if row is not None]
