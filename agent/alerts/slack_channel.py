"""Slack as a channel: with a bot token (threads, updates, buttons), or an incoming webhook (messages only)."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient
from slack_sdk.webhook import WebhookClient

from agent.alerts.channels import Context, Earlier, Receipt, RefusedError, SendError
from agent.alerts.links import Places
from agent.alerts.notice import Notice
from agent.alerts.slack_blocks import Button, MessageToLabel, blocks_of, text_of

SLACK = "slack"
# Answers that a second attempt cannot change, because they are about this very message.
_ABOUT_THE_MESSAGE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "too_many_attachments", "invalid_arguments"}
)
# What closes an earlier message that is not there any more has nothing to close.
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})

# A history is read from this long before the notice, because two clocks differ; the most messages of one answer.
_CLOCKS_DIFFER_BY = timedelta(hours=1)
_MOST_MESSAGES = 999

_CODE = re.compile(r"[a-z_]{1,60}")

# The client would write addresses and answers into the log.
logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)


def no_buttons(notice: Notice) -> Sequence[Button]:
    return ()


def no_messages(notice: Notice) -> Sequence[MessageToLabel]:
    return ()


@dataclass(frozen=True, kw_only=True)
class SlackBot:
    """Posts with a bot token: the first notice of a thread into the channel, the others under it.

    Slack has no key against repetitions, so a notice that is sent again is looked for in the channel first, by its
    metadata. `client` repeats nothing by itself: it would post without looking.
    """

    client: WebClient
    channel: str
    places: Places
    buttons: Callable[[Notice], Sequence[Button]] = no_buttons
    to_label: Callable[[Notice], Sequence[MessageToLabel]] = no_messages

    @property
    def name(self) -> str:
        return SLACK

    def send(self, notice: Notice, context: Context) -> Receipt:
        root = (context.root.receipt if context.root else None) or {}
        if context.again and (found := self._there(notice, root)):
            return found
        to_label = self.to_label(notice)
        # Repeated after a failure further down, this changes nothing more; a posted message would be there twice.
        if context.closed is not None and context.closed.receipt:
            self._close(context.closed, notice.closing or notice.headline)
        answer = self._call(
            "chat.postMessage",
            channel=root.get("channel") or self.channel,
            text=text_of(notice),
            blocks=blocks_of(notice, self.places, self.buttons(notice), to_label),
            unfurl_links=False,
            unfurl_media=False,
            metadata=_metadata(notice),
            **({"thread_ts": root["ts"], "reply_broadcast": notice.broadcast} if root.get("ts") else {}),
        )
        return {"channel": answer["channel"], "ts": answer["ts"]}

    def _there(self, notice: Notice, root: Receipt) -> Receipt | None:
        """The receipt of this very notice, where an attempt got through and its answer did not.

        Without the right to read the channel (`channels:history`) nobody can tell: then it is posted once more.
        """
        channel, thread = root.get("channel") or self.channel, root.get("ts")
        method = "conversations.replies" if thread else "conversations.history"
        oldest = (notice.at - _CLOCKS_DIFFER_BY).timestamp()
        asked = {"channel": channel, "oldest": f"{oldest:.6f}", "limit": _MOST_MESSAGES, "include_all_metadata": True}
        try:
            answer = self._ask(method, **asked, **({"ts": thread} if thread else {}))
        except SlackApiError as error:
            if error.response.status_code == 200:
                return None
            raise _of_answer(error) from None
        found = (one for one in answer.get("messages", ()) if one.get("metadata") == _metadata(notice))
        return next(({"channel": channel, "ts": one["ts"]} for one in found), None)

    def _close(self, earlier: Earlier, closing: str) -> None:
        """Write how it ended on the earlier message, and take its buttons away."""
        assert earlier.receipt is not None
        shown = blocks_of(earlier.notice, self.places, closing=closing)
        where = {"channel": earlier.receipt.get("channel"), "ts": earlier.receipt.get("ts")}
        with suppress(RefusedError):
            self._call("chat.update", **where, text=text_of(earlier.notice), blocks=shown)

    def _call(self, method: str, **body: Any) -> Mapping[str, Any]:
        try:
            return self._ask(method, **body)
        except SlackApiError as error:
            raise _of_answer(error) from None

    def _ask(self, method: str, **body: Any) -> Mapping[str, Any]:
        try:
            answer = self.client.api_call(method, json=body)
        except SlackApiError:
            raise
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            raise SendError(f"Slack does not answer ({type(error).__name__})") from None
        data: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        return data


@dataclass(frozen=True, kw_only=True)
class SlackWebhook:
    """Posts through an incoming webhook. It learns no time stamps, so there are no threads and no updates."""

    client: WebhookClient
    places: Places

    @property
    def name(self) -> str:
        return SLACK

    def send(self, notice: Notice, context: Context) -> None:
        blocks = blocks_of(notice, self.places)
        try:
            answer = self.client.send(text=text_of(notice), blocks=blocks, unfurl_links=False, unfurl_media=False)
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            raise SendError(f"Slack's webhook does not answer ({type(error).__name__})") from None
        if answer.status_code == 200:
            return
        said = f"Slack's webhook answered {answer.status_code}"
        if answer.status_code == 400:
            raise RefusedError(said)
        raise SendError(said, retry_after(answer.headers))


def retry_after(headers: Mapping[str, Any]) -> timedelta | None:
    """The wait that an answer asks for, a day at most; None where it asks for none that can be read."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    text = str(value[0] if isinstance(value, list) else value)
    return timedelta(seconds=min(int(text), 86_400)) if text.isdecimal() else None


def _metadata(notice: Notice) -> dict[str, Any]:
    """Names a notice in a channel that other installations may write to as well: hence its time to the microsecond."""
    return {"event_type": "refit_notice", "event_payload": {"id": notice.key, "at": notice.at.isoformat()}}


def _of_answer(error: SlackApiError) -> SendError:
    answer = error.response
    data = answer.data if isinstance(answer.data, dict) else {}
    found = _CODE.fullmatch(str(data.get("error", "")))
    code = found.group() if found else ""
    said = f"Slack answered {answer.status_code} {code}".strip()
    if code in _ABOUT_THE_MESSAGE or code in _GONE:
        return RefusedError(said)
    return SendError(said, retry_after(answer.headers))
