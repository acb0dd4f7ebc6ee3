"""Puts the alerts together from settings: channels, deliverer, what Slack may ask for."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from fastapi import FastAPI
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web import WebClient
from slack_sdk.webhook import WebhookClient
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware import Middleware

from agent.alerts import buttons
from agent.alerts.api import alert_routes
from agent.alerts.buttons import Purpose
from agent.alerts.channels import Channel
from agent.alerts.collecting import Collector
from agent.alerts.deliverer import Deliverer, delivering
from agent.alerts.expected import expected_sentences
from agent.alerts.inbound import Inbound
from agent.alerts.labelling import Labelling
from agent.alerts.mail_channel import Mail
from agent.alerts.notice import Notice
from agent.alerts.settings import AlertSettings, alert_settings
from agent.alerts.slack_blocks import Button
from agent.alerts.slack_channel import SlackBot, SlackWebhook, no_buttons
from agent.alerts.slack_http import SlackDoor
from agent.alerts.slack_socket import listening
from agent.alerts.talk import SLACK_HOSTS, SlackTalk, patient_handlers, retry_handlers
from agent.alerts.webhook_channel import Webhook
from agent.observability.requests import add_within
from agent.passes import Passes
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model
from pipeline.clock import utc_now
from pipeline.errors import RefitError
from pipeline.monitoring.window import reports
from pipeline.store.open import Store

log = logging.getLogger("refit.alerts")

REPORTS_LOOKED_AT = 20


def build_channels(settings: AlertSettings, agent: AgentSettings, store: Store) -> list[Channel]:
    """The channels that are set up, each once."""
    found: list[Channel] = []
    if settings.slack_bot_token and settings.slack_channel:
        found.append(_slack_bot(settings, agent, store))
    elif settings.slack_webhook_url:
        client = WebhookClient(
            settings.slack_webhook_url.get_secret_value(),
            timeout=int(settings.timeout_seconds),
            retry_handlers=[],  # the outbox repeats
        )
        found.append(SlackWebhook(client=client, places=settings.places))
    if settings.smtp_server:
        found.append(_mail(settings, settings.smtp_server))
    if settings.webhook_url:
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
        url = settings.webhook_url.get_secret_value()
        found.append(Webhook(url=url, secret=secret, places=settings.places, timeout=settings.timeout_seconds))
    return found


def build_deliverer(settings: AlertSettings, agent: AgentSettings, store: Store) -> Deliverer:
    channels = build_channels(settings, agent, store)
    collector = Collector(
        control=store.control,
        channels=[channel.name for channel in channels],
        clock=utc_now,
        title_of=title_of,
        min_severity=settings.min_severity,
        expected=partial(expected_of, store.telemetry),
    )
    return Deliverer(
        control=store.control,
        collector=collector,
        channels=channels,
        clock=utc_now,
        quiet=settings.is_quiet,
        poll_seconds=settings.poll_seconds,
        lease_ttl=timedelta(seconds=settings.lease_seconds),
        give_up_after=timedelta(hours=settings.give_up_hours),
        # A channel is called twice for one notice at most.
        claimed_for=timedelta(seconds=2 * settings.timeout_seconds),
        keep=timedelta(days=settings.keep_days),
    )


def build_inbound(settings: AlertSettings, agent: AgentSettings, store: Store, passes: Passes) -> Inbound:
    def carry_on(model: str) -> None:
        if model in passes.loops:
            passes.carry_on(model)

    client = _web_client(settings, patient_handlers()) if settings.slack_bot_token else None
    return Inbound(
        store=store,
        clock=utc_now,
        approvers=frozenset(settings.slack_approvers),
        carry_on=carry_on,
        ask=partial(_ask, settings, agent, store),
        model_of=partial(model_of, default=agent.pipeline.default_model),
        label_names=lambda model: managed_model(model).labels,
        talk=SlackTalk(client=client, timeout=int(settings.timeout_seconds), hosts=_answer_hosts(settings)),
    )


@contextmanager
def reachable(app: FastAPI, agent: AgentSettings, store: Store, passes: Passes) -> Iterator[None]:
    """The routes of alerts, and Slack let in over HTTP and over Socket Mode as far as its secrets are set."""
    settings = alert_settings()
    channels = [channel.name for channel in build_channels(settings, agent, store)]
    app.include_router(alert_routes(store.control, channels, utc_now))
    if not (settings.slack_signing_secret or settings.slack_app_token):
        yield
        return
    inbound = build_inbound(settings, agent, store, passes)
    if settings.slack_signing_secret:
        verifier = SignatureVerifier(settings.slack_signing_secret.get_secret_value())
        add_within(app, Middleware(SlackDoor, verifier=verifier, inbound=inbound))
    with ExitStack() as stack:
        stack.callback(inbound.close)
        if settings.slack_app_token:
            client = _web_client(settings, retry_handlers())
            stack.enter_context(listening(settings.slack_app_token.get_secret_value(), client, inbound))
        yield


@contextmanager
def delivering_in_background(agent: AgentSettings, store: Store, *, wanted: bool = True) -> Iterator[None]:
    """Deliver alerts for as long as the block lasts; with no channel set up, incidents are still kept."""
    if not wanted:
        yield
        return
    with delivering(build_deliverer(alert_settings(), agent, store)):
        yield


def title_of(model: str) -> str:
    found = catalog().get(model)
    return found.title if found else model


def model_of(question: str, default: str) -> str:
    """The model that a question names, or the default one."""
    words = question.lower().replace("-", "_")
    return next((name for name in catalog() if name in words or name.replace("_", " ") in words), default)


def expected_of(telemetry: Engine, model: str, decision_id: str) -> tuple[str, ...]:
    """What the readings of a decision's window would be without drift; none where its report cannot be read."""
    try:
        recent = reports(telemetry, model=model, limit=REPORTS_LOOKED_AT)
    except (SQLAlchemyError, RefitError) as error:
        log.warning("The report of decision %s cannot be read: %s", decision_id, type(error).__name__)
        return ()
    mine = next((report.body for report in recent if report.body.get("decision_id") == decision_id), {})
    return expected_sentences(mine)


def _slack_bot(settings: AlertSettings, agent: AgentSettings, store: Store) -> SlackBot:
    clickable = settings.answers_clicks
    labelling = Labelling(
        store=store,
        artifact_dir=agent.pipeline.artifact_dir,
        spec_of=managed_model,
        clock=utc_now,
        most=settings.labels_shown if clickable and settings.show_text else 0,
    )
    return SlackBot(
        client=_web_client(settings, []),  # the outbox repeats, and looks first
        channel=str(settings.slack_channel),
        places=settings.places,
        buttons=partial(approval_buttons, store.control) if clickable else no_buttons,
        to_label=labelling.messages,
    )


def approval_buttons(control: Engine, notice: Notice) -> Sequence[Button]:
    """Yes and no to what a notice asks; as old as the approval itself, so that nothing outlives it."""
    ask = notice.ask
    if ask is None:
        return ()

    def button(purpose: Purpose, words: str, style: str, confirm: str | None) -> Button:
        subject = {"approval_id": ask.approval_id}
        button_id = buttons.make(control, purpose, notice.model, subject, ask.expires_at)
        return Button(words=words, action=purpose.value, button_id=button_id, style=style, confirm=confirm)

    sure = f"{ask.action} of {notice.model}: it is done as soon as you approve."
    return (
        button(Purpose.APPROVE, "Approve", "primary", sure),
        button(Purpose.REJECT, "Reject", "danger", None),
    )


def _mail(settings: AlertSettings, server: str) -> Mail:
    return Mail(
        server=server,
        port=settings.smtp_port,
        sender=settings.smtp_from or settings.email[0],
        to=settings.email,
        places=settings.places,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        ca_file=settings.smtp_ca_file,
        tls=settings.smtp_tls,
        timeout=settings.timeout_seconds,
    )


def _web_client(settings: AlertSettings, handlers: list[RetryHandler]) -> WebClient:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    return WebClient(
        token=token,
        base_url=settings.slack_api_url,
        timeout=int(settings.timeout_seconds),
        retry_handlers=handlers,
    )


def _answer_hosts(settings: AlertSettings) -> frozenset[str]:
    """Where answers to clicks may go: Slack, and the other Slack of a test."""
    host = urlsplit(settings.slack_api_url).hostname or ""
    return SLACK_HOSTS | ({host} if host != "slack.com" else set())


def _ask(
    settings: AlertSettings, agent: AgentSettings, store: Store, model: str, question: str, conversation: str
) -> str:
    """The chat's whole answer. Nothing can be asked for here; messages are read only where they may be shown."""
    # Imported here: LangChain takes a second, and alerts need none of it.
    from agent.chat.build import build_chat
    from agent.chat.events import EventKind
    from agent.chat.sitting import May

    chat = build_chat(agent, store, managed_model(model))
    may = May(act=False, read_messages=settings.show_text)

    async def answer() -> str:
        async for event in chat.ask(question, conversation, may):
            if event.kind is EventKind.FINAL:
                note = event.data.get("note")
                return f"{event.data['answer']}" + (f"\n({note})" if note else "")
        return "There is no answer."

    return asyncio.run(answer())
