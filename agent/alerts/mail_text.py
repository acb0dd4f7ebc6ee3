"""A notice as an e-mail: subject, plain text, HTML. Pure: no clock, no files, no model calls."""

from collections.abc import Sequence
from email.message import EmailMessage
from hashlib import sha256

from jinja2 import Environment, StrictUndefined

from agent.alerts.escaping import harmless
from agent.alerts.links import Link, Places, links
from agent.alerts.notice import Fact, Notice

SUBJECT, LINE = 140, 1_000

_HTML = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ headline }}</title></head>
<body style="font-family:sans-serif;line-height:1.4;max-width:46rem">
<h2 style="margin-bottom:0">{{ headline }}</h2>
<p style="margin-top:0">{{ about }}</p>
{% if facts %}
<table cellpadding="6" style="border-collapse:collapse">
<tr>{% for name in ("figure", "now", "line", "margin", "reading") %}<th align="left">{{ name }}</th>{% endfor %}</tr>
{% for row in facts %}
<tr style="border-top:1px solid #888;{% if row.beyond %}font-weight:bold{% endif %}">
<td>{{ row.name }}</td><td>{{ row.observed }}</td><td>{{ row.threshold }}</td><td>{{ row.margin }}</td>
<td>{{ row.reading }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% for title, lines in lists %}
<h3 style="margin-bottom:0">{{ title }}</h3>
<ul style="margin-top:0">{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
{% endfor %}
{% if links %}<p>{% for link in links %}<a href="{{ link.url }}">{{ link.words }}</a> {% endfor %}</p>{% endif %}
</body></html>
""")


def mail_of(notice: Notice, places: Places, sender: str, to: Sequence[str]) -> EmailMessage:
    """A message with its date, and an id that stays the same when it is sent again; one thread for each incident."""
    message = EmailMessage()
    message["Subject"] = f"[Refit] {notice.severity.value}: {harmless(notice.headline, SUBJECT)}"
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"] = notice.at
    domain = sender.rpartition("@")[2].strip("> ") or "refit.invalid"
    message["Message-ID"] = _id(notice.key, domain)
    message["References"] = _id(f"thread:{notice.thread}", domain)
    message["X-Refit-Id"] = _digest(notice.key)
    message["Auto-Submitted"] = "auto-generated"
    found = links(notice, places)
    message.set_content(_plain(notice, found))
    message.add_alternative(_html(notice, found), subtype="html")
    return message


def _plain(notice: Notice, found: Sequence[Link]) -> str:
    parts = [harmless(notice.headline, LINE), _about(notice), ""]
    parts += [_row(fact) for fact in notice.facts]
    for title, lines in _lists(notice):
        parts += ["", title, *(f"- {line}" for line in lines)]
    parts += ["", *(f"{link.words}: {link.url}" for link in found)]
    return "\n".join(parts) + "\n"


def _html(notice: Notice, found: Sequence[Link]) -> str:
    rows = [
        {
            "name": harmless(fact.name, LINE),
            "observed": harmless(fact.observed, LINE),
            "threshold": harmless(fact.threshold, LINE),
            "margin": harmless(fact.margin or "", LINE),
            "reading": harmless(fact.reading, LINE),
            "beyond": fact.beyond,
        }
        for fact in notice.facts
    ]
    headline, about = harmless(notice.headline, LINE), _about(notice)
    return _HTML.render(headline=headline, about=about, facts=rows, lists=_lists(notice), links=found)


def _about(notice: Notice) -> str:
    seen = f" Window: {notice.window}." if notice.window else ""
    return harmless(f"{notice.title}. {notice.at:%Y-%m-%d %H:%M:%S} UTC.{seen}", LINE)


def _row(fact: Fact) -> str:
    line = f"  line: {fact.threshold}" if fact.threshold else ""
    margin = f"  margin: {fact.margin}" if fact.margin else ""
    return harmless(f"{fact.name}: {fact.observed}{line}{margin}  {fact.reading}", LINE)


def _lists(notice: Notice) -> list[tuple[str, list[str]]]:
    approve = f"python -m agent approve {notice.ask.approval_id} (or reject)" if notice.ask else None
    named = (
        ("Without drift it would be", notice.expected),
        ("Diagnosis", (notice.diagnosis,) if notice.diagnosis else ()),
        ("What the agent says", notice.agent_reasons),
        ("Rules", notice.rule_reasons),
        ("What is done", notice.done),
        ("How to answer", (approve,) if approve else ()),
    )
    return [(title, [harmless(line, LINE) for line in lines]) for title, lines in named if lines]


def _id(name: str, domain: str) -> str:
    return f"<{_digest(name)}@{domain}>"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:32]
