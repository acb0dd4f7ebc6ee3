"""The command `schedule`."""

from datetime import UTC, datetime

from rich.table import Table

from agent.commands.console import AsJson, opened, out, say
from agent.commands.rendering import print_json
from pipeline.catalog import catalog


def schedule(json: AsJson = False) -> None:
    """What is done by the clock, when it was done last, and when it is next."""
    # Imported here: APScheduler takes a tenth of a second, and most commands need none of it.
    from agent.schedule.looking import deployed_plans
    from agent.schedule.showing import schedule_body

    with opened() as (settings, store):
        plans = deployed_plans(settings, list(catalog().values()))
        body = schedule_body(store.control, plans, datetime.now(UTC))
    if json:
        print_json(body)
        return
    table = Table("model", "kind", "when", "last", "next", "in its zone")
    for row in body["plans"]:
        last = f"{row['last_at']:%Y-%m-%d %H:%M}" if row["last_at"] else "never"
        table.add_row(
            row["model"], row["kind"], row["when"], last, f"{row['next_at']:%Y-%m-%d %H:%M} UTC", row["next_local"][:16]
        )
    out.print(table)
    agents = ", ".join(body["agents"])
    led = f", led by {body['leader']}" if body["leader"] else ""
    say(f"Run by {agents}{led}." if agents else "No agent runs the clock: start one with python -m agent run.")
