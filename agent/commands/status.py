"""`status`: all managed models in a table, or one with its versions. Each has a light, and the light its reason."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from agent.build import build_loop
from agent.commands import rendering
from agent.commands.console import AsJson, SomeModel, at_work, opened, out, say
from agent.settings import AgentSettings
from pipeline.catalog import catalog, managed_model
from pipeline.commands import versions
from pipeline.spec import ModelSpec
from pipeline.store.open import Store

WIDE = 110
_COLOURS = {"red": "bold red", "amber": "yellow", "green": "green", "grey": "dim"}

Row = Mapping[str, Any]


def status(model: SomeModel = None, json: AsJson = False) -> None:
    """How every managed model is: light and reason, champion, drift, accuracy, last decision, what waits."""
    specs = [managed_model(model)] if model else list(catalog().values())
    with opened() as (settings, store), at_work("reading", json):
        rows = rows_of(settings, store, specs)
    if json:
        rendering.print_json(rows[0] if model else {"models": rows})
        return
    wide = out.width >= WIDE
    out.print(_table(rows, wide))
    for row in rows if not wide else ():
        say(f"{row['model']}: {row['why']}")
    for hint in _hints(rows):
        say(hint)
    if model:
        out.print()
        versions.status(model)


def rows_of(settings: AgentSettings, store: Store, specs: Sequence[ModelSpec]) -> list[dict[str, Any]]:
    """One row a model, as the control plane and the dashboard have it."""
    # Imported here: FastAPI takes half a second, and the other commands need none of it.
    from agent.control_plane.views.build import build_sources
    from agent.control_plane.views.overview import overview

    loops = {spec.name: build_loop(settings, store, spec) for spec in specs}
    found: list[dict[str, Any]] = overview(build_sources(settings, store, loops))["models"]
    return found


def _table(rows: Sequence[Row], wide: bool) -> Table:
    """The reasons stand in the table where there is room, else below it."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("model", "light", "champion", "last drift", "accuracy", "last decision", *(("why",) if wide else ())):
        table.add_column(name, no_wrap=name != "why", justify="right" if name in ("last drift", "accuracy") else "left")
    for row in rows:
        last = row["last_decision"]
        cells = (
            Text(row["model"], style="bold"),
            Text(row["light"], style=_COLOURS.get(row["light"], "")),
            row["champion"] or "none",
            "" if row["drift"] is None else f"{row['drift']:.3f}",
            "" if row["accuracy"].get("estimate") is None else f"{row['accuracy']['estimate']:.1%}",
            "" if last is None else f"{last['headline']} {str(last['at'])[5:16].replace('T', ' ')}",
        )
        table.add_row(*cells, *((Text(row["why"]),) if wide else ()))
    return table


def _hints(rows: Sequence[Row]) -> list[str]:
    """What to do next, the most pressing first; three at most."""
    waiting = [row["model"] for row in rows if row["waiting"]]
    red = [row for row in rows if row["light"] == "red" and row["last_decision"]]
    untrained = [row["model"] for row in rows if row["champion"] is None]
    unseen = [row["model"] for row in rows if row["champion"] and row["last_decision"] is None]
    hints = [f"{', '.join(waiting)}: see what waits: python -m agent approvals"] if waiting else []
    hints += [f"{row['model']}: read why: python -m agent explain {row['last_decision']['decision_id']}" for row in red]
    hints += [f"{name}: look now: python -m agent check {name}" for name in unseen]
    hints += [f"{name}: train a first version: python -m pipeline train {name} --promote" for name in untrained]
    return hints[:3]
