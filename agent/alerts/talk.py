"""Talks back to people in Slack: answers to a click, messages in a thread."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.web import WebClient
from slack_sdk.webhook import WebhookClient

from agent.alerts.slack_blocks import Block

log = logging.getLogger("refit.alerts")

SLACK_HOSTS = frozenset({"hooks.slack.com"})


class Talks(Protocol):
    """Says something to people. What does not get through is logged: a person sees that no answer came."""

    def whisper(self, response_url: str, text: str) -> None: ...

    def replace(self, response_url: str, text: str, blocks: Sequence[Block]) -> None: ...

    def answer(self, response_url: str, text: str, blocks: Sequence[Block]) -> None: ...

    def post(self, channel: str, text: str, blocks: Sequence[Block], thread: str | None) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class SlackTalk:
    """`hosts` are those that a response_url may lead to; `client` is None without a bot token."""

    client: WebClient | None
    timeout: int
    hosts: frozenset[str] = field(default=SLACK_HOSTS)

    def whisper(self, response_url: str, text: str) -> None:
        """Only the one who clicked sees it."""
        self._respond(response_url, {"response_type": "ephemeral", "replace_original": False, "text": text})

    def replace(self, response_url: str, text: str, blocks: Sequence[Block]) -> None:
        self._respond(response_url, {"replace_original": True, "text": text, "blocks": list(blocks)})

    def answer(self, response_url: str, text: str, blocks: Sequence[Block]) -> None:
        self._respond(response_url, {"response_type": "in_channel", "text": text, "blocks": list(blocks)})

    def post(self, channel: str, text: str, blocks: Sequence[Block], thread: str | None) -> str | None:
        """The time stamp of the message, or None where the bot may not post there."""
        if self.client is None:
            return None
        body: dict[str, Any] = {"channel": channel, "text": text, "blocks": list(blocks)}
        body |= {"unfurl_links": False, "unfurl_media": False} | ({"thread_ts": thread} if thread else {})
        try:
            answer = self.client.api_call("chat.postMessage", json=body)
        except (OSError, SlackClientError, ValueError) as error:
            log.warning("An answer could not be posted to Slack: %s", type(error).__name__)
            return None
        data: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        stamp = data.get("ts")
        return str(stamp) if stamp else None

    def _respond(self, response_url: str, body: dict[str, Any]) -> None:
        if urlsplit(response_url).hostname not in self.hosts:
            log.warning("An answer was not sent: its address is not Slack's.")
            return
        client = WebhookClient(response_url, timeout=self.timeout, retry_handlers=patient_handlers())
        try:
            status = client.send_dict(body).status_code
        except (OSError, SlackClientError, ValueError) as error:
            log.warning("An answer could not be sent to Slack: %s", type(error).__name__)
            return
        if status != 200:
            log.warning("An answer was not taken by Slack: %s", status)


def retry_handlers() -> list[RetryHandler]:
    """One quick repetition by the client, for what no outbox repeats."""
    return [ConnectionErrorRetryHandler(max_retry_count=1), ServerErrorRetryHandler(max_retry_count=1)]


def patient_handlers() -> list[RetryHandler]:
    """For answers to a person: a rate limit is waited for here, once, in a thread that has nothing else to do."""
    return [*retry_handlers(), RateLimitErrorRetryHandler(max_retry_count=1)]
