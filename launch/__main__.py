"""Starts things: `python -m launch demo`, `python -m launch up`. Exit codes: 0 done, 1 a process failed, 2 usage."""

import json as json_module
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from launch.demo import run_demo
from launch.processes import ProcessFailedError
from launch.stage import Stage
from launch.up import run_up
from pipeline.errors import RefitError
from pipeline.settings import PipelineSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
err = Console(stderr=True)


@app.command()
def demo(
    drift: Annotated[int, typer.Option(min=0, max=1, help="0: no campaign; nothing should happen.")] = 1,
    seed: Annotated[int, typer.Option(help="Which messages are sent, and which are labelled.")] = 1,
    home: Annotated[Path | None, typer.Option(help="Folder, emptied first. Default: demo/ below REFIT_HOME.")] = None,
    prepared: Annotated[Path | None, typer.Option(help="A home with a first version: skip its training.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Only the ending, as one JSON object.")] = False,
) -> None:
    """The main job on real messages, in about two minutes."""
    settings = PipelineSettings()
    console = Console(quiet=json, width=None if sys.stdout.isatty() else 120)
    stage = Stage(home=home or settings.home / "demo", data_dir=settings.data_dir, console=console)
    ending = run_demo(stage, drifts=bool(drift), seed=seed, prepared=prepared)
    if json:
        print(json_module.dumps({"seed": seed, "drift": drift, **asdict(ending)}))


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the predictions; 0 takes a free one.")] = 8000,
    agent_port: Annotated[int, typer.Option(help="Port of the agent's control plane; 0 takes a free one.")] = 8100,
) -> None:
    """Serving, the agent's loop and its control plane, until Ctrl-C."""
    run_up(Console(), home=PipelineSettings().root, port=port, agent_port=agent_port)


def main() -> None:
    try:
        app()
    except (ProcessFailedError, RefitError) as error:
        err.print(f"Error: {error}", markup=False, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
