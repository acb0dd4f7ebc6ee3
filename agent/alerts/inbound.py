"""What people click and ask in Slack: accepted at once, worked on afterwards.

An answer to an approval is claimed once, like any other; a label is written once for each button; a question goes to
the chat. Who is not on the list of approvers changes nothing, and an empty list means nobody.
"""

import hashlib
import html
import json
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from agent.acting import approvals
from agent.alerts import buttons
from agent.alerts.buttons import Made, Purpose
from agent.alerts.escaping import for_slack
from agent.alerts.slack_blocks import answer_blocks
from agent.alerts.talk import Talks
from agent.errors import ApprovalRefusedError
from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.store.open import Store

log = logging.getLogger("refit.alerts")

Payload = Mapping[str, Any]
# The answer of the chat to a question about a model, in a conversation.
Ask = Callable[[str, str, str], str]

LONGEST_QUESTION = 2_000
MOST_WAITING = 40
_MENTION = re.compile(r"<[@!#][^>]{0,80}>")
_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
HELP = "Ask about a model, such as: how is sms_spam doing, or: why was it retrained?"
BUSY = "Too much is being worked on; please try again in a minute."


class Kind(StrEnum):
    """As Slack names what it sends, over HTTP and over Socket Mode."""

    CLICK = "interactive"
    COMMAND = "slash_commands"
    EVENT = "events_api"


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """`carry_on` lets the loop do what was approved; `model_of` finds the model that a question is about."""

    store: Store
    clock: Callable[[], datetime]
    approvers: frozenset[str]
    carry_on: Callable[[str], None]
    ask: Ask
    model_of: Callable[[str], str]
    label_names: Callable[[str], tuple[str, ...]]
    talk: Talks
    clicks: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "slack-click"))
    questions: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "slack-question"))
    room: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST_WAITING))

    def accept(self, kind: Kind, payload: Payload) -> dict[str, Any]:
        """What is answered at once; the work begins behind it. It touches no store and waits for nothing."""
        if payload.get("type") == "url_verification":
            return {"challenge": str(payload.get("challenge"))[:200]}
        if not self.room.acquire(blocking=False):
            return {"response_type": "ephemeral", "text": BUSY} if kind is Kind.COMMAND else {}
        pool = self.clicks if kind is Kind.CLICK else self.questions
        try:
            pool.submit(self._work, kind, payload)
        except RuntimeError:  # the process is ending: the person sees no answer and clicks again
            self.room.release()
        return {"response_type": "ephemeral", "text": "Looking…"} if kind is Kind.COMMAND else {}

    def close(self) -> None:
        """Finish what was accepted."""
        self.clicks.shutdown(wait=True)
        self.questions.shutdown(wait=True)

    def _work(self, kind: Kind, payload: Payload) -> None:
        try:
            if buttons.first_time(self.store.control, request_key(kind, payload), self.clock()):
                {Kind.CLICK: self._click, Kind.COMMAND: self._command, Kind.EVENT: self._event}[kind](payload)
        except Exception as error:  # noqa: BLE001  the text may quote what a stranger wrote
            log.error("A request of Slack could not be worked on: %s", type(error).__name__)
        finally:
            self.room.release()

    def _click(self, payload: Payload) -> None:
        if payload.get("type") != "block_actions":
            return
        user, response_url = str((payload.get("user") or {}).get("id")), str(payload.get("response_url"))
        for action in list(payload.get("actions") or ())[:3]:
            made = buttons.find(self.store.control, str(action.get("value"))[:40])
            self._answer(made, user, response_url, payload)

    def _answer(self, made: Made | None, user: str, response_url: str, payload: Payload) -> None:
        if made is None:
            self.talk.whisper(response_url, "This button is not known here (any more).")
        elif user not in self.approvers or not _USER.fullmatch(user):
            self.talk.whisper(response_url, "You are not among those who may answer; nothing was changed.")
        elif made.expires_at <= self.clock():
            self.talk.whisper(response_url, "This button has expired; nothing was changed.")
        elif made.purpose is Purpose.LABEL:
            self.talk.whisper(response_url, self._label(made, user))
        else:
            self._decide(made, user, response_url, payload)

    def _label(self, made: Made, user: str) -> str:
        if made.used_by is not None:
            return f"{_named(made.used_by)} has labelled this already."
        label = int(made.subject["label"])
        entry = LabelEntry(
            prediction_id=str(made.subject["prediction_id"]),
            label=label,
            source=str(made.subject["source"]),
            at=self.clock(),
        )
        # Before the button is used up: after a failure or a kill between the two, it can be clicked again.
        try:
            record_labels(self.store.telemetry, [entry])
        except SQLAlchemyError as error:
            log.error("A label from Slack could not be written: %s", type(error).__name__)
            return "The label could not be written; please click again in a minute."
        buttons.use(self.store.control, made.button_id, _who(user), self.clock())
        return f"Noted: {for_slack(self.label_names(made.model)[label], 60)}. Thank you."

    def _decide(self, made: Made, user: str, response_url: str, payload: Payload) -> None:
        granted, now = made.purpose is Purpose.APPROVE, self.clock()
        approval_id = str(made.subject["approval_id"])
        try:
            approvals.decide(self.store.control, approval_id, granted=granted, who=_who(user), reason=None, now=now)
        except ApprovalRefusedError as error:
            known = approvals.by_id(self.store.control, approval_id)
            decided = f" Decided by {_named(known.decided_by)}." if known and known.decided_by else ""
            self.talk.whisper(response_url, for_slack(str(error), 500) + decided)
            return
        buttons.use(self.store.control, made.button_id, _who(user), now)
        self.carry_on(made.model)
        word = "Approved" if granted else "Rejected"
        note = f"{word} by {_named(_who(user))}, {now:%Y-%m-%d %H:%M} UTC."
        self.talk.replace(response_url, note, _without_buttons(payload, note))

    def _command(self, payload: Payload) -> None:
        question, response_url = _plain(payload.get("text")), str(payload.get("response_url"))
        if not question:
            self.talk.whisper(response_url, HELP)
            return
        channel, user = str(payload.get("channel_id")), str(payload.get("user_id"))
        asked = f"{_named(_who(user))} asks: {for_slack(question, 500)}"
        thread = self.talk.post(channel, asked, answer_blocks_of(asked), None)
        answer = self._asked(question, f"{channel}:{thread or payload.get('trigger_id')}")
        blocks, text = answer_blocks(answer), for_slack(answer, 200)
        if thread is None or self.talk.post(channel, text, blocks, thread) is None:
            self.talk.answer(response_url, text, blocks)

    def _event(self, payload: Payload) -> None:
        event = payload.get("event") or {}
        # What bots say, this one too, is never answered: two of them would go on for ever.
        if event.get("type") != "app_mention" or event.get("bot_id") or event.get("subtype"):
            return
        channel, thread = str(event.get("channel")), str(event.get("thread_ts") or event.get("ts"))
        question = _plain(event.get("text"))
        answer = self._asked(question, f"{channel}:{thread}") if question else HELP
        self.talk.post(channel, for_slack(answer, 200), answer_blocks(answer), thread)

    def _asked(self, question: str, where: str) -> str:
        conversation = f"slack-{hashlib.sha256(where.encode()).hexdigest()[:24]}"
        try:
            return self.ask(self.model_of(question), question, conversation)
        except Exception as error:  # noqa: BLE001  a person waits: whatever failed is said by its name
            log.error("A question from Slack could not be answered: %s", type(error).__name__)
            return f"The question could not be answered ({type(error).__name__})."


def request_key(kind: Kind, payload: Payload) -> str:
    """One for one request, however often and by whatever way it comes."""
    named = payload.get("event_id") or payload.get("trigger_id")
    text = str(named) if named else json.dumps(payload, sort_keys=True, default=str)
    return f"{kind.value}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


def answer_blocks_of(text: str) -> list[dict[str, Any]]:
    """One section of text that is escaped already."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text[:3_000], "verbatim": True}}]


def _without_buttons(payload: Payload, note: str) -> list[dict[str, Any]]:
    shown = list((payload.get("message") or {}).get("blocks") or ())
    return [block for block in shown if block.get("type") != "actions"][:49] + answer_blocks_of(f"*{note}*")


def _plain(text: object) -> str:
    """A question without mentions, as it was typed."""
    return html.unescape(_MENTION.sub(" ", str(text or ""))).strip()[:LONGEST_QUESTION]


def _who(user: str) -> str:
    return f"slack:{user}"[:120]


def _named(who: str | None) -> str:
    """A person as Slack shows them: only a well-formed id of Slack becomes a name that can be clicked."""
    user = (who or "").removeprefix("slack:")
    if who and who.startswith("slack:") and _USER.fullmatch(user):
        return f"<@{user}>"
    return for_slack(who or "Somebody", 120)
