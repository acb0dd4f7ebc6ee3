"""Checks of the settings: that they can be read, fit together, and that no secret lies open."""

import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from agent.alerts.settings import AlertSettings, alert_settings
from agent.control_plane.admission import require_a_safe_setup, tokens_of
from agent.doctor.finding import Finding, broken, off, ok, warning
from agent.errors import AlertSetupError, ApiSetupError, ScheduleError
from agent.schedule.looking import deployed_plans
from agent.schedule.plans import unknown_names
from agent.settings import AgentSettings
from pipeline.catalog import shelf
from pipeline.settings import PipelineSettings

AREA = "configuration"
SEE = "Correct it in the environment or in .env; docs/settings.md lists every setting."


def settings_can_be_read() -> Iterator[Finding]:
    kinds: tuple[tuple[str, type[BaseSettings]], ...] = (
        ("settings REFIT_*", PipelineSettings),
        ("settings REFIT_AGENT_*", AgentSettings),
    )
    for what, kind in kinds:
        try:
            kind()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            yield broken(AREA, what, f"{where}: {first['msg']}", SEE)
        except SettingsError as error:
            yield broken(AREA, what, f"{error}: it is no JSON", SEE)
        else:
            yield ok(AREA, what, "read")
    try:
        alert_settings()
    except AlertSetupError as error:
        yield broken(AREA, "settings of alerts", str(error), SEE)
    else:
        yield ok(AREA, "settings of alerts", "read")


def models_can_be_read(settings: AgentSettings) -> Iterator[Finding]:
    found = shelf(settings.pipeline.models_dir)
    for file, why in found.broken.items():
        yield broken(AREA, f"model file {file}", why, "Mend the file (docs/add-a-model.md), then start again.")
    names = ", ".join(sorted(found.specs))
    yield (
        ok(AREA, "managed models", names)
        if names
        else broken(AREA, "managed models", "none", "Put a model's file into the folder REFIT_MODELS_DIR.")
    )
    default = settings.pipeline.default_model
    if default not in found.specs:
        yield broken(AREA, "DEFAULT_MODEL", f"{default} is no managed model", f"Set it to one of: {names}.")


def schedules_can_be_read(settings: AgentSettings) -> Iterator[Finding]:
    specs = shelf(settings.pipeline.models_dir).specs
    try:
        plans = deployed_plans(settings, list(specs.values()))
    except ScheduleError as error:
        yield broken(AREA, "schedules", str(error), "Correct the model's `schedule` or REFIT_AGENT_SCHEDULES.")
        return
    yield ok(AREA, "schedules", f"{len(plans)} plans")
    unknown = unknown_names(settings.schedules, specs)
    if unknown:
        mend = f"Use a name of a managed model: {', '.join(sorted(specs))}."
        yield broken(AREA, "REFIT_AGENT_SCHEDULES", f"names no managed model: {', '.join(unknown)}", mend)


def access_is_safe(settings: AgentSettings) -> Iterator[Finding]:
    tokens = tokens_of(settings)
    try:
        require_a_safe_setup(settings.api_host, tokens)
    except ApiSetupError as error:
        yield broken(
            "keys",
            "control plane",
            str(error),
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
        return
    if not tokens.by_role:
        yield ok("keys", "control plane", f"no token is set: only this machine may ask, on {settings.api_host}")
    else:
        yield ok("keys", "control plane", f"tokens are set for: {', '.join(tokens.by_role)}")


def secrets_are_kept() -> Iterator[Finding]:
    file = Path(".env")
    if not file.exists():
        yield off("keys", ".env", "there is none: settings come from the environment alone")
        return
    open_to_others = file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    if open_to_others:
        yield warning("keys", ".env", "other users of this machine can read it", "chmod 600 .env")
    else:
        yield ok("keys", ".env", "only its owner can read it")


def deciding_model_is_set_up(settings: AgentSettings) -> Iterator[Finding]:
    if not settings.llm_enabled:
        yield off("keys", "deciding model", "switched off: the rules decide alone")
    elif not settings.llm_configured:
        yield off("keys", "deciding model", "no key and no address are set: the rules decide alone")
    else:
        where = "a key" if settings.api_key else "no key"
        yield ok("keys", "deciding model", f"{settings.llm_model}, with {where}")


def channels_are_set_up(settings: AlertSettings) -> Iterator[Finding]:
    names = [
        name
        for name, value in (
            ("Slack", settings.slack_bot_token or settings.slack_webhook_url),
            ("e-mail", settings.smtp_server),
            ("webhook", settings.webhook_url),
        )
        if value
    ]
    if not names:
        mend = "Set SLACK_BOT_TOKEN and SLACK_CHANNEL, SMTP_SERVER and ALERT_EMAIL, or ALERT_WEBHOOK_URL."
        yield warning("keys", "alerts", "no channel is set up: nobody is told of anything", mend)
        return
    yield ok("keys", "alerts", ", ".join(names))
    clickable = settings.slack_signing_secret or settings.slack_app_token
    if clickable and not settings.slack_approvers:
        mend = "Name the Slack user ids in REFIT_ALERTS_SLACK_APPROVERS."
        yield warning("keys", "Slack approvers", "Slack may ask, but nobody is named who may answer", mend)
