"""The commands `alerts status`, `test`, `retry` and `deliver`."""

import signal
import threading
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from agent.alerts.settings import alert_settings
from agent.commands.console import AsJson, opened, say
from agent.commands.rendering import print_json
from agent.observability.starting import start_logging

NONE_SET_UP = (
    "No channel is set up. Set SLACK_BOT_TOKEN and SLACK_CHANNEL (or SLACK_WEBHOOK_URL), SMTP_SERVER and ALERT_EMAIL, "
    "or ALERT_WEBHOOK_URL."
)


def status(json: AsJson = False) -> None:
    """Channels, dead letters and open incidents. Exit code 1 when something was given up."""
    from agent.alerts.api import status_of
    from agent.alerts.build import build_channels

    with opened() as (settings, store):
        names = [channel.name for channel in build_channels(alert_settings(), settings, store)]
        found = status_of(store.control, names)
    if json:
        print_json(found)
    else:
        _show(found)
    raise typer.Exit(1 if found["dead_letters"] else 0)


def _show(found: dict[str, Any]) -> None:
    if not any(row["set_up"] for row in found["channels"]):
        say(NONE_SET_UP)
    for row in found["channels"]:
        since = f", the oldest since {row['oldest_waiting_at'][:19]}" if row["oldest_waiting_at"] else ""
        error = f" Last error: {row['last_error']}." if row["last_error"] else ""
        off = "" if row["set_up"] else " (not set up now)"
        counts = f"{row['sent']} sent, {row['waiting']} waiting{since}, {row['dead']} given up."
        say(f"{row['channel']}{off}: {counts}{error}")
    for letter in found["dead_letters"]:
        said = f"given up {letter['seq']} ({letter['channel']}): {letter['headline']}. {letter['last_error']}"
        again = f"Send it again: python -m agent alerts retry {letter['seq']}"
        say(f"  {said}. {again}")
    for one in found["incidents"]:
        if one["resolved_at"] is None:
            line = f"open incident {one['incident_id']}: {one['model']}, {one['kind']}, since {one['opened_at'][:19]}"
            say(line)


def try_out(json: AsJson = False) -> None:
    """Send a test notice on each channel now, past the outbox. Exit code 1 when one does not take it."""
    from agent.alerts.build import build_channels
    from agent.alerts.notice import Notice, NoticeKind, Severity
    from agent.alerts.sending import send_now

    at = datetime.now(UTC)
    notice = Notice(
        key=f"test:{at.isoformat()}",
        kind=NoticeKind.TEST,
        severity=Severity.INFO,
        model="test",
        title="A test of this channel",
        thread=f"test:{at.isoformat()}",
        headline="Refit can reach you here",
        at=at,
        done=("Nothing is wrong; somebody has asked for this message.",),
    )
    results = []
    with opened() as (settings, store):
        for channel in build_channels(alert_settings(), settings, store):
            began = time.monotonic()
            error = send_now(channel, notice)
            results.append({"channel": channel.name, "error": error, "seconds": round(time.monotonic() - began, 3)})
    _show_test(results, json)
    raise typer.Exit(1 if not results or any(result["error"] for result in results) else 0)


def _show_test(results: list[dict[str, Any]], json: bool) -> None:
    if json:
        print_json({"channels": results})
        return
    for result in results:
        said = result["error"] or f"taken in {result['seconds']} s"
        say(f"{result['channel']}: {said}.")
    if not results:
        say(NONE_SET_UP)


def retry(
    seq: Annotated[int | None, typer.Argument(help="Number of one dead letter; default: all of them.")] = None,
    json: AsJson = False,
) -> None:
    """Queue dead letters again, and try at once what waits for a channel that failed."""
    from agent.alerts import outbox

    with opened() as (_, store):
        count = outbox.revive(store.control, datetime.now(UTC), seq)
    if json:
        print_json({"queued_again": count})
    else:
        say(f"{count} queued again. The running agent sends them within seconds.")
    raise typer.Exit(1 if seq is not None and count == 0 else 0)


def deliver() -> None:
    """Deliver alerts until stopped (Ctrl-C), where no agent runs that does; two never send at once."""
    from agent.alerts.build import build_deliverer

    start_logging()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened() as (settings, store):
        deliverer = build_deliverer(alert_settings(), settings, store)
        names = ", ".join(channel.name for channel in deliverer.channels)
        say(f"Delivering on {names}. Ctrl-C stops." if names else NONE_SET_UP)
        deliverer.run(stop)
