"""The command `doctor`."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from agent.commands.console import AsJson, at_work, out
from agent.commands.rendering import print_json
from agent.doctor.finding import Finding, State, worst

MARKS = {State.OK: ("ok", "green"), State.OFF: ("off", "dim"), State.WARNING: ("warn", "yellow")}
BROKEN = ("FAIL", "bold red")


def doctor(
    port: Annotated[int, typer.Option(help="Port of the predictions.")] = 8000,
    agent_port: Annotated[int, typer.Option(help="Port of the agent.")] = 8100,
    dashboard_port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    json: AsJson = False,
) -> None:
    """Check configuration, keys, disk, clock, ports, connections, migrations. Exit code 1 when something is broken."""
    # Imported here: it knows every part, and the other commands need few of them.
    from agent.doctor.examining import examine

    ports = {"serving": port, "agent": agent_port, "dashboard": dashboard_port}
    with at_work("examining", json):
        found = examine(datetime.now(UTC), ports)
    state = worst(found)
    if json:
        print_json({"state": state, "findings": found})
    else:
        _show(found)
    raise typer.Exit(1 if state is State.BROKEN else 0)


def _show(found: list[Finding]) -> None:
    for area in dict.fromkeys(one.area for one in found):
        out.print(Text(area, style="bold"))
        for one in (one for one in found if one.area == area):
            mark, style = MARKS.get(one.state, BROKEN)
            out.print(Text(f"  {mark:5}", style=style) + Text(f"{one.what}: {one.seen}", style=""), soft_wrap=True)
            if one.mend:
                out.print(Text(f"       mend: {one.mend}"), soft_wrap=True)
    bad = sum(one.state is State.BROKEN for one in found)
    warnings = sum(one.state is State.WARNING for one in found)
    out.print(f"{len(found)} things looked at: {bad} broken, {warnings} warnings.", highlight=False)
