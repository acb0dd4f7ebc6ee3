"""A notice as Slack shows it: Block Kit, within its limits, every text escaped. Pure: no clock, no files.

Limits: 50 blocks, a header of 150 characters, a text of 3,000, 10 fields of 2,000, 25 buttons with values of 2,000.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.alerts.escaping import cut_to, for_slack, harmless
from agent.alerts.links import Places, links
from agent.alerts.notice import Fact, Notice, NoticeKind, Severity

Block = dict[str, Any]

HEADER, TEXT, FIELD, FIELDS, BLOCKS, SHOWN_MESSAGE = 150, 3_000, 2_000, 10, 50, 300
_SIGNS = {Severity.INFO: "🔵", Severity.WARNING: "🟠", Severity.CRITICAL: "🔴"}
_DONE = {NoticeKind.RESOLVED, NoticeKind.PROMOTED, NoticeKind.GATE_PASSED, NoticeKind.AGENT_BACK}
DONE_SIGN = "🟢"


@dataclass(frozen=True, kw_only=True)
class Button:
    """Says `words` and carries nothing but an opaque id."""

    words: str
    action: str
    button_id: str
    style: str | None = None
    confirm: str | None = None


@dataclass(frozen=True, kw_only=True)
class MessageToLabel:
    """A message of a user, shown where a setting allows it, with a button for each label."""

    text: str
    buttons: tuple[Button, ...]


def text_of(notice: Notice) -> str:
    """What a notification shows, in one line."""
    return cut_to(f"{_sign(notice)} {for_slack(notice.headline, HEADER)}", TEXT)


def blocks_of(
    notice: Notice,
    places: Places,
    buttons: Sequence[Button] = (),
    to_label: Sequence[MessageToLabel] = (),
    closing: str | None = None,
) -> list[Block]:
    """The blocks of a message; with `closing`, of one that is over: the note is added and the buttons are gone."""
    blocks = [_header(notice), _context(notice)]
    blocks += _facts(notice.facts)
    blocks += _lists(notice)
    blocks += _links(notice, places)
    if closing is not None:
        blocks = [*blocks[: BLOCKS - 1], _section(f"*{for_slack(closing, 500)}*")]
    else:
        blocks += _buttons(notice, buttons) + [block for one in to_label for block in _to_label(one)]
    return blocks[:BLOCKS]


def answer_blocks(text: str) -> list[Block]:
    """A longer answer of the chat, line by line, in as many sections as it needs."""
    parts = [""]
    for line in (cut_to(for_slack(line, TEXT), TEXT) for line in text.splitlines()):
        longer = f"{parts[-1]}\n{line}" if parts[-1] else line
        if len(longer) > TEXT:
            parts.append(line)
        else:
            parts[-1] = longer
    return [_section(part) for part in parts[: BLOCKS - 1] if part] or [_section("There is no answer.")]


def _header(notice: Notice) -> Block:
    words = f"{_sign(notice)} {harmless(notice.headline, HEADER // 2)}"
    return {"type": "header", "text": {"type": "plain_text", "text": words[:HEADER], "emoji": True}}


def _context(notice: Notice) -> Block:
    seen = f" Window: {notice.window}." if notice.window else ""
    words = f"{notice.title}. {notice.severity.value.capitalize()}, {notice.at:%Y-%m-%d %H:%M:%S} UTC.{seen}"
    return {"type": "context", "elements": [_text(for_slack(words, TEXT // 2))]}


def _facts(facts: Sequence[Fact]) -> list[Block]:
    cells = [_text(_fact(fact), FIELD) for fact in facts]
    return [{"type": "section", "fields": cells[at : at + FIELDS]} for at in range(0, len(cells[:30]), FIELDS)]


def _fact(fact: Fact) -> str:
    line = f", line: {for_slack(fact.threshold, 200)}" if fact.threshold else ""
    margin = f", margin {for_slack(fact.margin, 50)}" if fact.margin else ""
    reading = f" ({for_slack(fact.reading, 100)})" if fact.reading else ""
    name, mark = for_slack(fact.name, 100), "*" if fact.beyond else ""
    return f"*{name}*\n{mark}{for_slack(fact.observed, 200)}{mark}{reading}{line}{margin}"


def _lists(notice: Notice) -> list[Block]:
    named: Sequence[tuple[str, Sequence[str]]] = (
        ("Without drift it would be", notice.expected),
        ("Diagnosis", (notice.diagnosis,) if notice.diagnosis else ()),
        ("What the agent says", notice.agent_reasons),
        ("Rules", notice.rule_reasons),
        ("What is done", notice.done),
    )
    return [_list(title, lines) for title, lines in named if lines]


def _list(title: str, lines: Sequence[str]) -> Block:
    return _section("\n".join([f"*{title}*", *(f"• {for_slack(line, 500)}" for line in lines)]))


def _links(notice: Notice, places: Places) -> list[Block]:
    found = links(notice, places)
    if not found:
        return []
    # Written by us from settings, so these are the only links that a message has.
    elements = [
        {"type": "mrkdwn", "text": f"<{link.url.replace('&', '&amp;')}|{link.words}>"}
        for link in found
        if len(link.url) < TEXT - 200
    ]
    return [{"type": "context", "elements": elements}] if elements else []


def _buttons(notice: Notice, buttons: Sequence[Button]) -> list[Block]:
    if notice.ask is None:
        return []
    if not buttons:
        shown = f"python -m agent approve {notice.ask.approval_id}"
        return [_section(for_slack(f"Answer with: {shown} (or reject)", 500))]
    return [{"type": "actions", "elements": [_button(button) for button in buttons]}]


def _to_label(one: MessageToLabel) -> list[Block]:
    shown = {"type": "plain_text", "text": harmless(one.text, SHOWN_MESSAGE) or "(blank)", "emoji": False}
    return [
        {"type": "section", "text": shown},
        {"type": "actions", "elements": [_button(button) for button in one.buttons]},
    ]


def _button(button: Button) -> Block:
    words = {"type": "plain_text", "text": harmless(button.words, 60)[:75], "emoji": False}
    # Slack wants each action of a message under a name of its own.
    made: Block = {
        "type": "button",
        "text": words,
        "action_id": f"{button.action}:{button.button_id}",
        "value": button.button_id,
    }
    if button.style:
        made["style"] = button.style
    if button.confirm:
        made["confirm"] = {
            "title": {"type": "plain_text", "text": "Are you sure?"},
            "text": {"type": "plain_text", "text": harmless(button.confirm, 140)[:300]},
            "confirm": {"type": "plain_text", "text": harmless(button.words, 20)[:30]},
            "deny": {"type": "plain_text", "text": "Cancel"},
        }
    return made


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str, longest: int = TEXT) -> Block:
    # verbatim: Slack makes no link or mention out of plain words.
    return {"type": "mrkdwn", "text": cut_to(text, longest), "verbatim": True}


def _sign(notice: Notice) -> str:
    return DONE_SIGN if notice.kind in _DONE else _SIGNS[notice.severity]
