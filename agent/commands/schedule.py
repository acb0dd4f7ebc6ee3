"""The command `schedule`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

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
    out.print(plans_table(body["plans"]))
    agents = ", ".join(body["agents"])
    led = f", led by {body['leader']}" if body["leader"] else ""
    say(f"Run by {agents}{led}." if agents else "No agent runs the clock: start one with python -m agent run.")


def plans_table(plans: Sequence[Mapping[str, Any]]) -> Table:
    """Where there is little room, a time has its date above its clock, and neither is cut."""
    table = Table(box=None, pad_edge=False)
    for name in ("model", "kind"):
        table.add_column(name, no_wrap=True)
    table.add_column("when", overflow="fold")
    for name in ("last (UTC)", "next (UTC)", "in its zone"):
        table.add_column(name, min_width=len("2026-11-22"))
    for plan in plans:
        last = f"{plan['last_at']:%Y-%m-%d %H:%M}" if plan["last_at"] else "never"
        local = plan["next_local"][:16].replace("T", " ")
        table.add_row(plan["model"], plan["kind"], plan["when"], last, f"{plan['next_at']:%Y-%m-%d %H:%M}", local)
    return table
