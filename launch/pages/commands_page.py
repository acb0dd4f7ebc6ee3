"""docs/cli.md from the commands: what each does, with its examples."""

from collections.abc import Iterator
from typing import Any

import typer

from launch.command_line import commands
from launch.pages.places import cell
from pipeline.commands.offering import Offered, every


def commands_page() -> str:
    """A table for each heading of the help."""
    panels: dict[str, list[tuple[str, Offered]]] = {}
    for one in commands():
        rows = list(every([one]))
        panels.setdefault(one.panel or "Commands", []).extend(rows)
    return "\n".join(line for panel, rows in panels.items() for line in _panel(panel, rows))


def _panel(panel: str, rows: list[tuple[str, Offered]]) -> Iterator[str]:
    yield f"## {panel}\n"
    yield "| command | what it does | examples |"
    yield "|---|---|---|"
    for name, one in rows:
        said = cell((one.run.__doc__ or "").partition("\n\n")[0])
        examples = "<br>".join(f"`refit {cell(example)}`" for example in one.examples)
        yield f"| `{' '.join([name, *_arguments(one)])}` | {said} | {examples} |"
    yield ""


def _arguments(one: Offered) -> list[str]:
    program = typer.Typer()
    program.command()(one.run)
    command: Any = typer.main.get_command(program)
    found = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    return [_shown(parameter) for parameter in found]


def _shown(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name or "").strip("[]").upper()
    return name if parameter.required else f"[{name}]"
