"""Checks of what the agent talks to: databases and their migrations, MLflow, serving, the LLM, Slack, mail."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from slack_sdk.errors import SlackApiError
from slack_sdk.web import WebClient
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from agent.alerts.build import build_channels
from agent.alerts.channels import SendError
from agent.alerts.mail_channel import Mail
from agent.alerts.settings import AlertSettings
from agent.doctor.finding import Finding, broken, ok, warning
from agent.settings import AgentSettings
from pipeline.errors import RefitError
from pipeline.store.engine import open_engine
from pipeline.store.migrate import HEADS, revision
from pipeline.store.open import Store

AREA = "connections"
SECONDS = 5.0
# The agent's image has no launch/, whose `prepare` does the same and makes MLflow's database as well.
MIGRATE = "python -m pipeline migrate"
TRAIN = "Nothing to do: the first training makes it."


def databases_answer(settings: AgentSettings) -> Iterator[Finding]:
    """Both databases, as they are: nothing is made or migrated here."""
    addresses = {"telemetry": settings.pipeline.telemetry_address, "control": settings.pipeline.control_address}
    for name, address in addresses.items():
        yield from _database(name, address)


def _database(name: str, address: str) -> Iterator[Finding]:
    try:
        url = make_url(address)
        shown = url.render_as_string(hide_password=True)
        file = Path(url.database or "")
        if url.get_backend_name() == "sqlite" and not file.exists():
            yield warning(AREA, f"{name} database", f"{shown} is not made yet", MIGRATE)
            return
        engine = open_engine(address)
        try:
            at = revision(engine)
        finally:
            engine.dispose()
    except (SQLAlchemyError, RefitError, OSError) as error:
        mend = f"Start the database, or correct REFIT_{name.upper()}_URL. A SQLite file that is damaged: restore it."
        yield broken(AREA, f"{name} database", f"does not answer ({type(error).__name__})", mend)
        return
    yield ok(AREA, f"{name} database", shown)
    if at == HEADS[name]:
        yield ok("migrations", name, at)
    else:
        yield broken("migrations", name, f"at {at or 'nothing'}, this release needs {HEADS[name]}", MIGRATE)


def mlflow_answers(settings: AgentSettings) -> Iterator[Finding]:
    address = settings.pipeline.mlflow_address
    if not address.startswith(("http://", "https://")):
        file = Path(make_url(address).database or "") if address.startswith("sqlite") else None
        if file is not None and not file.exists():
            yield warning(AREA, "MLflow", "its database is not made yet", TRAIN)
        else:
            yield ok(AREA, "MLflow", "embedded, no server")
        return
    mend = "Start the MLflow server, or correct MLFLOW_TRACKING_URI. With a 403: allow this host (--allowed-hosts)."
    yield _asked("MLflow", f"{address.rstrip('/')}/health", mend)


def serving_answers(settings: AgentSettings) -> Iterator[Finding]:
    try:
        health = httpx.get(f"{settings.serving_url}/health", timeout=SECONDS).json()
    except (httpx.HTTPError, ValueError) as error:
        mend = "Start it (python -m serving, or make up), or set REFIT_AGENT_SERVING_URL."
        yield warning(AREA, "serving", f"{bare(settings.serving_url)}: {type(error).__name__}", mend)
        return
    status = health.get("status") if isinstance(health, dict) else None
    if status == "ok":
        yield ok(AREA, "serving", f"{bare(settings.serving_url)} is ready")
    else:
        mend = f"See {bare(settings.serving_url)}/health for the reasons, such as a model without a champion."
        yield warning(AREA, "serving", f"{bare(settings.serving_url)} says {status}", mend)


def deciding_model_answers(settings: AgentSettings) -> Iterator[Finding]:
    """Asks for the list of models, which costs nothing."""
    if not settings.llm_configured:
        return
    base = (settings.base_url or "https://api.openai.com/v1").rstrip("/")
    key = settings.api_key.get_secret_value() if settings.api_key else "none"
    try:
        answer = httpx.get(f"{base}/models", headers={"authorization": f"Bearer {key}"}, timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        mend = "Check OPENAI_BASE_URL and the network. Meanwhile the rules decide alone."
        yield broken(AREA, "deciding model", f"{bare(base)}: {type(error).__name__}", mend)
        return
    if answer.status_code in (401, 403):
        yield broken(AREA, "deciding model", f"{bare(base)} refuses the key", "Set OPENAI_API_KEY to a valid key.")
    elif answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
        yield broken(AREA, "deciding model", f"{bare(base)} answers {answer.status_code}", "Check OPENAI_BASE_URL.")
    else:
        yield ok(AREA, "deciding model", f"{bare(base)} answers")


def channels_answer(settings: AlertSettings, agent: AgentSettings, store: Store) -> Iterator[Finding]:
    """Reaches every channel without sending anything."""
    if settings.slack_bot_token:
        yield _slack(settings)
    elif settings.slack_webhook_url:
        yield _reached("Slack webhook", settings.slack_webhook_url.get_secret_value(), "Check SLACK_WEBHOOK_URL.")
    for channel in build_channels(settings, agent, store):
        if isinstance(channel, Mail):
            yield _mail(channel)
    if settings.webhook_url:
        yield _reached("alert webhook", settings.webhook_url.get_secret_value(), "Check ALERT_WEBHOOK_URL.")


def _slack(settings: AlertSettings) -> Finding:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    try:
        WebClient(token=token, base_url=settings.slack_api_url, timeout=int(SECONDS)).auth_test()
    except SlackApiError as error:
        seen = f"Slack refuses the token ({error.response.get('error', 'no reason')})"
        return broken(AREA, "Slack", seen, "Set SLACK_BOT_TOKEN to the bot's token (xoxb-) of the installed app.")
    except Exception as error:  # noqa: BLE001  (the client lets the errors of several libraries through)
        return broken(AREA, "Slack", f"not reached ({type(error).__name__})", "Check the network and a proxy.")
    return ok(AREA, "Slack", "the bot's token is good")


def _mail(channel: Mail) -> Finding:
    try:
        channel.reach()
    except SendError as error:
        return broken(AREA, "e-mail", str(error), "Check SMTP_SERVER, SMTP_PORT, SMTP_USERNAME, SMTP_PASSWORD.")
    return ok(AREA, "e-mail", f"{channel.server}:{channel.port} lets us in")


def _reached(what: str, url: str, mend: str) -> Finding:
    """Whether the host of an address takes connections; the path of a webhook is a secret, and nothing is sent."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=SECONDS).close()
    except OSError as error:
        return broken(AREA, what, f"{parts.hostname}:{port} is not reached ({type(error).__name__})", mend)
    return ok(AREA, what, f"{parts.hostname}:{port} takes connections")


def _asked(what: str, url: str, mend: str) -> Finding:
    try:
        status = httpx.get(url, timeout=SECONDS).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return broken(AREA, what, f"{bare(url)}: {type(error).__name__}", mend)
    return (
        ok(AREA, what, f"{bare(url)} answers")
        if status == httpx.codes.OK
        else broken(AREA, what, f"{bare(url)} answers {status}", mend)
    )


def bare(url: str) -> str:
    """An address without user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
